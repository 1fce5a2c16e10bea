/** Smaller chunks are left to the garbage collector: a callback for each would cost more than their memory. */
const MIN_BYTES = 16 * 1024;

/**
 * Gives the memory of a chunk back at once. Node allocates up to 64 KiB for each read and leaves it to the garbage collector, which
 * lets some 80 MB pile up in the course of one large body. Nobody may look at the chunk afterwards, and it must have its memory to
 * itself: chunks that share their memory with others (small ones, slices) are left alone.
 */
export function giveBack({ buffer, byteLength, byteOffset }: Buffer): void {
  if (byteLength < MIN_BYTES || byteOffset !== 0 || !(buffer instanceof ArrayBuffer)) return;
  if (buffer.byteLength - byteLength < MIN_BYTES) buffer.transfer(0);
}

/** What to call when a write of `chunk` is over; undefined: nothing. */
export function givingBack(chunk: Buffer): ((error?: Error | null) => void) | undefined {
  if (chunk.byteLength < MIN_BYTES) return undefined;
  return (error) => {
    if (error === undefined || error === null) giveBack(chunk);
  };
}
