import type { Socket } from 'node:net';

/** The TCP connections that carry others (TLS): only they can be reset. */
const carriers = new WeakMap<Socket, Socket>();

/** From now on a reset of `socket` resets the connection that carries it. */
export function carriedBy(socket: Socket, carrier: Socket): void {
  carriers.set(socket, carrier);
}

/**
 * Ends a connection by a reset. While its own end is on the way to the kernel, libuv refuses to reset (EINVAL) and Node then
 * never closes the socket; all bytes have been handed over by then, so that closing it loses nothing.
 */
export function resetSocket(socket: Socket): void {
  const carrier = carriers.get(socket);
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isEnding) socket.destroy();
  else if (carrier === undefined) socket.resetAndDestroy();
  else {
    // Destroyed by itself it would say goodbye, and what was cut off would pass for whole.
    carrier.resetAndDestroy();
    socket.destroy();
  }
}
