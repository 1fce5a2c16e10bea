import type { Socket } from 'node:net';

/**
 * Ends a connection by a reset. While its own end is on the way to the kernel, libuv refuses to reset (EINVAL) and Node then
 * never closes the socket; all bytes have been handed over by then, so that closing it loses nothing.
 */
export function resetSocket(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
