import type { Socket } from 'node:net';

/** What a look at the bytes so far tells: wait for more, or a result and how many of them were for it alone. */
export type Look<T> = 'more' | { readonly value: T; readonly take: number };

/**
 * Reads the beginning of a connection until `look` knows enough, then puts back what `look` did not take and leaves no listener
 * behind. `done` is called once, with undefined where the connection ended first; never after the socket was destroyed.
 */
export function lookAhead<T>(
  socket: Socket,
  look: (bytes: Buffer) => Look<T>,
  done: (value: T | undefined) => void,
): void {
  let held: Buffer = Buffer.alloc(0);
  const stop = (): void => void socket.off('readable', onReadable).off('end', onEnd);
  const onEnd = (): void => {
    stop();
    done(undefined);
  };
  const onReadable = (): void => {
    const bytes: unknown = socket.read();
    if (!Buffer.isBuffer(bytes)) return;
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    const seen = look(held);
    if (seen === 'more') return;
    stop();
    const rest = held.subarray(seen.take);
    if (rest.length > 0) socket.unshift(rest);
    done(seen.value);
  };
  socket.on('readable', onReadable).on('end', onEnd);
  if (socket.readableLength > 0) onReadable();
  else if (socket.readableEnded) onEnd();
}
