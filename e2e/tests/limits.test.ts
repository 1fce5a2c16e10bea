import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { send, tunnel } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

describe('limits', () => {
  let mesh: Mesh;
  let close: () => Promise<void> = () => Promise.resolve();
  const sockets: Socket[] = [];

  beforeAll(async () => {
    mesh = await startMesh({
      gateway: { maxConnections: '3' },
      pods: [
        // The bound of detection is ten seconds here: whoever waits for it fails.
        { name: 'A', service: 'a', variables: { tcpPorts: '21080', detectTimeoutMs: '10000' } },
        { name: 'B', service: 'b', sidecar: false },
        { name: 'T', service: 't', sidecar: false, app: false },
      ],
      config: { gateway: { routes: [{ hosts: ['*'], service: 'b' }] } },
    });
    close = () => mesh.close();
  }, 60_000);
  afterAll(() => close());
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  it('takes no more connections than it may, and takes them again as soon as others are gone', async () => {
    const { entry } = mesh.gateway;
    const dial = async (): Promise<Socket> => {
      const socket = connect(entry.port, entry.address).on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
      return socket;
    };
    const open = [await dial(), await dial(), await dial()];
    await eventually(
      'three connections',
      async () => (await mesh.gateway.metric('lanekeeper_connections')) === 3,
    );
    await expect(send(entry)).rejects.toThrow(/socket hang up|ECONNRESET/);
    await eventually('a line in the log', () =>
      mesh.gateway.process.output().includes('"event":"connection_refused"'),
    );
    open[0]?.destroy();
    await eventually('a place', async () => (await mesh.gateway.metric('lanekeeper_connections')) === 2);
    expect((await send(entry)).status).toBe(200);
  });

  it('asks nothing of a client whose port is known to be TCP: the server may speak first at once', async () => {
    const { address, port } = mesh.pod('T').appAt;
    const server = createServer((peer) => void peer.on('error', () => undefined).end('220 ready\r\n'));
    server.listen(port, address);
    await once(server, 'listening');
    try {
      const socket = await tunnel(mesh.pod('A').proxy.entry, `${address}:${port}`);
      sockets.push(socket);
      const [greeting] = (await once(socket, 'data', { signal: AbortSignal.timeout(9_000) })) as [Buffer];
      expect(greeting.toString()).toBe('220 ready\r\n');
    } finally {
      server.close();
    }
  });
});
