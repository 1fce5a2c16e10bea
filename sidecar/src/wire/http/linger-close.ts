import type { Socket } from 'node:net';

const LINGER_MS = 2_000;

/**
 * Ends a connection whose peer may still be sending. A plain close with unread input makes the kernel reset the connection, and the
 * peer may lose the response before it has read it (RFC 9112 section 9.6); so the input is read and thrown away for a while.
 */
export function lingerClose(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  socket.on('data', discard);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
}

/** From now on, when Node's server is done with the connection, it is closed by {@link lingerClose}. */
export function lingerWhenDone(socket: Socket): void {
  socket.destroySoon = () => lingerClose(socket);
}

function discard(): void {}
