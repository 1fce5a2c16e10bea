import type { Socket } from 'node:net';

/**
 * Copies what `from` sends to `to`, back-pressure and end included; returns what stops it. Node allocates up to 64 KiB for each
 * read and leaves it to the garbage collector, which lets some 70 MB pile up during a long transfer; here a chunk's memory is
 * given back as soon as the kernel has its bytes. Nobody else may hold a chunk, therefore.
 */
export function carryBytes(from: Socket, to: Socket): () => void {
  const onData = (chunk: Buffer): void => {
    const isTaken = to.write(chunk, (error) => {
      if (error === undefined || error === null) giveBack(chunk);
    });
    if (!isTaken) from.pause();
  };
  const onDrain = (): void => void from.resume();
  const onEnd = (): void => void to.end();
  from.on('data', onData).on('end', onEnd);
  to.on('drain', onDrain);
  from.resume();
  return () => {
    from.off('data', onData).off('end', onEnd);
    to.off('drain', onDrain);
  };
}

/** ES2024; not in the library that the compiler is told of. */
interface Transferable extends ArrayBuffer {
  transfer(newByteLength: number): ArrayBuffer;
}

/** Only memory that is the chunk's alone: small buffers may share a pool. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (byteLength > 0 && buffer.byteLength === byteLength && isTransferable(buffer)) buffer.transfer(0);
}

function isTransferable(buffer: ArrayBufferLike): buffer is Transferable {
  return buffer instanceof ArrayBuffer && 'transfer' in buffer;
}
