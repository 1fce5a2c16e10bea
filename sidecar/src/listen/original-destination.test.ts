import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { bindAll } from './bind.ts';
import { createOriginalDestination } from './original-destination.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function acceptOne(address: string): Promise<Socket> {
  const { promise, resolve } = withResolve<Socket>();
  const [listener] = await bindAll([
    { name: 'X', address: { address, port: 0 }, maxConnections: 10, onConnection: resolve },
  ]);
  if (listener === undefined) throw new Error('nothing was bound');
  const client = connect({ host: listener.address.address, port: listener.address.port });
  cleanups.push(() => {
    client.destroy();
    listener.destroy();
    void listener.stop();
  });
  await once(client, 'connect');
  return promise;
}

function withResolve<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

it.each(['127.0.0.1', '::1'])(
  'answers undefined, without a warning, for a direct connection to %s',
  async (address) => {
    const warn = vi.fn();
    const originalDestination = createOriginalDestination(warn);
    expect(originalDestination(await acceptOne(address))).toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
  },
);

it('answers undefined for a connection that is gone already', async () => {
  const socket = await acceptOne('127.0.0.1');
  socket.destroy();
  expect(createOriginalDestination(() => undefined)(socket)).toBeUndefined();
});
