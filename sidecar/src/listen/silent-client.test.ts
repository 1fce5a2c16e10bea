import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import type { Driver } from '../wire/driver.ts';
import { createTcpDriver } from '../wire/tcp/tcp-driver.ts';
import { createAcceptor } from './accept.ts';
import { bindAll } from './bind.ts';

/** A loaded machine may take its time; a condition that never holds still fails. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, 10_000);

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function driverOver(server: { emit(event: 'connection', socket: Socket): boolean }): Driver {
  return {
    accept: (socket) => void server.emit('connection', socket),
    drain: () => Promise.resolve(),
    close: () => undefined,
  };
}

/** A listener in front of an opaque server, with real servers in place of the HTTP drivers. Resolves to a dialled client. */
async function dialAhead(): Promise<{ client: Socket; served: Socket[] }> {
  const served: Socket[] = [];
  const opaque = createServer((socket) => {
    served.push(socket);
    socket.on('error', () => undefined);
  });
  opaque.listen(0, '127.0.0.1');
  await once(opaque, 'listening');
  const target = { address: '127.0.0.1', port: (opaque.address() as AddressInfo).port };
  const exchange = {
    refusal: undefined,
    target,
    requestEdits: [],
    responseEdits: [],
    retry: () => false,
    responded: () => undefined,
    end: () => undefined,
  };
  const tcp = createTcpDriver({
    handler: { open: () => exchange },
    limits: { connectTimeoutMs: 5_000, idleTimeoutMs: 60_000 },
  });
  const acceptor = createAcceptor({
    direction: 'outbound',
    drivers: {
      http: driverOver(createHttpServer((request, response) => response.end(`served ${request.url}`))),
      http2: driverOver(createHttp2Server((request, response) => response.end(`served ${request.url}`))),
      tcp,
    },
    detect: { timeoutMs: 1, tcpPorts: new Set() },
    idleTimeoutMs: 60_000,
    originalDestination: () => target,
    isOwnListener: () => false,
    protocolOf: () => 'auto',
  });
  const [listener] = await bindAll([
    {
      name: 'X',
      address: { address: '127.0.0.1', port: 0 },
      maxConnections: 9,
      onConnection: acceptor.accept,
    },
  ]);
  if (listener === undefined) throw new Error('nothing was bound');
  const client = connect({ host: '127.0.0.1', port: listener.address.port });
  cleanups.push(
    () => opaque.close(),
    () => listener.stop(),
    () => listener.destroy(),
    () => tcp.close(),
    () => client.destroy(),
  );
  // The bound has passed: the server has been connected in case it speaks first.
  await eventually(() => expect(served).toHaveLength(1));
  return { client, served };
}

it('serves HTTP/1 on a connection that was dialled ahead of its first request', async () => {
  const { client, served } = await dialAhead();
  client.write('GET /late HTTP/1.1\r\nhost: b\r\n\r\n');
  const [answer] = (await once(client, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*served \/late/);
  await eventually(() => expect(served[0]?.destroyed).toBe(true));
  expect(served[0]?.bytesRead).toBe(0);
});

it('serves HTTP/2 on a connection that was dialled ahead of its first request', async () => {
  const { client, served } = await dialAhead();
  const session = connectHttp2('http://b', { createConnection: () => client });
  const stream = session.request({ ':path': '/late' });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  session.close();
  expect(Buffer.concat(chunks).toString()).toBe('served /late');
  expect(served[0]?.bytesRead).toBe(0);
});
