import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Place } from '../harness/http-client.ts';

/** What one connection sends and how it goes. */
export interface Conversation {
  readonly pieces: readonly Buffer[];
  /** `stay`: leaves the end to the proxy. */
  readonly ending: 'end' | 'reset' | 'stay';
}

export interface Outcome {
  readonly received: Buffer;
  /** `ended`: the proxy sent its end; `reset`: it broke off; `hung`: neither within the bound. */
  readonly close: 'ended' | 'reset' | 'hung';
}

/** Holds the conversation over a connection of its own; resolves when the proxy has closed it, or at the bound. */
export async function converse(
  to: Place,
  { pieces, ending }: Conversation,
  boundMs: number,
): Promise<Outcome> {
  const received: Buffer[] = [];
  const socket = connect({ host: to.address, port: to.port, allowHalfOpen: true, noDelay: true });
  const close = new Promise<Outcome['close']>((resolve) => {
    const timer = setTimeout(() => resolve('hung'), boundMs);
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('error', () => undefined);
    socket.on('end', () => resolve('ended'));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve('reset');
    });
  });
  for (const piece of pieces) {
    socket.write(piece);
    if (pieces.length > 1) await turn();
  }
  if (ending === 'end') socket.end();
  if (ending === 'reset') {
    await turn();
    socket.resetAndDestroy();
  }
  const how = await close;
  socket.destroy();
  return { received: Buffer.concat(received), close: how };
}
