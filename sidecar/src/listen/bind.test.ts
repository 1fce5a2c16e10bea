import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bindAll, ListenError, type Listener, type ListenRequest } from './bind.ts';
import { createOwnListeners } from './own-listeners.ts';

/** A loaded machine may take its time; a condition that never holds still fails. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, 10_000);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function request(overrides: Partial<ListenRequest> = {}): ListenRequest {
  const address = { address: '127.0.0.1', port: 0 };
  return {
    name: 'OUTBOUND',
    address,
    maxConnections: 10,
    onConnection: (socket) => socket.resume(),
    ...overrides,
  };
}

async function bindOne(overrides: Partial<ListenRequest> = {}): Promise<Listener> {
  const [listener] = await bindAll([request(overrides)]);
  if (listener === undefined) throw new Error('nothing was bound');
  cleanups.push(() => {
    void listener.stop();
    listener.destroy();
  });
  return listener;
}

async function dial(listener: Listener): Promise<Socket> {
  const socket = connect({ host: listener.address.address, port: listener.address.port });
  cleanups.push(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('bindAll', () => {
  it('reports the port that the system picked and the connections that came', async () => {
    const accepted: Socket[] = [];
    const listener = await bindOne({ onConnection: (socket) => accepted.push(socket) });
    expect(listener.address.port).toBeGreaterThan(0);
    await dial(listener);
    await eventually(() => expect([...listener.connections]).toEqual(accepted));
    expect(accepted).toHaveLength(1);
  });

  it('listens on both families of one port, each as its own', async () => {
    const ipv4 = await bindOne({ address: { address: '0.0.0.0', port: 0 } });
    const ipv6 = await bindOne({ address: { address: '::', port: ipv4.address.port } });
    for (const [listener, host] of [
      [ipv4, '127.0.0.1'],
      [ipv6, '::1'],
    ] as const) {
      const socket = connect({ host, port: listener.address.port });
      cleanups.push(() => socket.destroy());
      await eventually(() =>
        expect([...listener.connections].map(({ localAddress }) => localAddress)).toEqual([host]),
      );
    }
  });

  it('listens nowhere and names every address that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    cleanups.push(() => taken.close());
    const { port } = taken.address() as AddressInfo;
    const free = await bindOne();
    await free.stop();
    const failure = bindAll([
      request({ name: 'INBOUND', address: { address: '127.0.0.1', port } }),
      request({ address: free.address }),
      request({ name: 'STATUS', address: { address: '192.0.2.77', port: 15020 } }),
    ]);
    await expect(failure).rejects.toThrow(ListenError);
    await expect(failure).rejects.toThrow(
      `INBOUND: cannot listen on 127.0.0.1:${port}: the address is in use; stop what listens there or choose another port\n` +
        'STATUS: cannot listen on 192.0.2.77:15020: this machine has no such address',
    );
    await bindOne({ address: free.address });
  });

  it('stops accepting without touching live connections, and frees the port', async () => {
    const listener = await bindOne({ onConnection: (socket) => socket.pipe(socket) });
    const client = await dial(listener);
    await listener.stop();
    await bindOne({ address: listener.address });
    client.write('still here');
    expect(String((await once(client, 'data'))[0])).toBe('still here');
    listener.destroy();
    await once(client, 'close');
    expect(listener.connections.size).toBe(0);
  });

  it('turns away connections above the limit and tells who it was', async () => {
    const dropped = vi.fn();
    const listener = await bindOne({ maxConnections: 1, onDropped: dropped });
    await dial(listener);
    const second = await dial(listener);
    await once(second, 'close');
    expect(dropped).toHaveBeenCalledWith({ address: '127.0.0.1', port: expect.any(Number) as number });
    expect(listener.connections.size).toBe(1);
  });
});

describe('createOwnListeners', () => {
  const listeners = [
    { address: '0.0.0.0', port: 15006 },
    { address: '127.0.0.1', port: 15001 },
    { address: '::', port: 80 },
  ];
  const isOwn = createOwnListeners(listeners, new Set(['192.0.2.5', '2001:db8::5']));

  it.each([
    ['127.0.0.1', 15001, true],
    ['0.0.0.0', 15001, true],
    ['192.0.2.5', 15001, false],
    ['192.0.2.5', 15006, true],
    ['127.8.8.8', 15006, true],
    ['192.0.2.6', 15006, false],
    ['2001:db8:0::5', 80, true],
    ['192.0.2.5', 8080, false],
  ])('%s:%i is own: %s', (address, port, own) => {
    expect(isOwn({ address, port })).toBe(own);
  });
});
