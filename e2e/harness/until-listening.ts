import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something accepts connections on the port; for programs that do not say when they are ready. */
export async function untilListening(port: number, address = '127.0.0.1', withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await accepts(port, address))) {
    if (Date.now() > deadline) throw new Error(`nothing listens on ${address}:${port} after ${withinMs} ms`);
    await delay(20);
  }
}

function accepts(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: address });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
