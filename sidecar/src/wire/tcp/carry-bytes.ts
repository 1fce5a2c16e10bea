import type { Socket } from 'node:net';
import { givingBack } from '../give-back.ts';

/**
 * Copies what `from` sends to `to`, back-pressure and end included; returns what stops it. A chunk's memory is given back as soon
 * as the kernel has its bytes: nobody else may hold a chunk, therefore.
 */
export function carryBytes(from: Socket, to: Socket): () => void {
  const onData = (chunk: Buffer): void => {
    if (!to.write(chunk, givingBack(chunk))) from.pause();
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
