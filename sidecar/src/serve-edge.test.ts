import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { EdgeCertificate, EdgeConfig, EdgeListener } from '@lanekeeper/protocol/edge';
import type { Log } from '@lanekeeper/runtime/log';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { EdgeListeners } from './listen/edge/edge-listeners.ts';
import { edgeListener, OPEN_POLICY } from './listen/edge/testing/edge-listener.ts';
import { testCertificate } from './listen/edge/testing/test-certificate.ts';
import { createEdge } from './serve-edge.ts';
import type { RequestHead } from './wire/head.ts';
import { eventually } from './wire/testing/eventually.ts';
import { fixedHandler, type FixedHandler } from './wire/testing/fixed-handler.ts';
import { rawClient } from './wire/testing/raw-client.ts';
import { LIMITS } from './wire/testing/generous-limits.ts';
import { listen } from './wire/testing/start-driver.ts';

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let a: EdgeCertificate;
let b: EdgeCertificate;
beforeAll(() => {
  a = testCertificate('a.test', '*.a.test');
  b = testCertificate('b.test');
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface RunningEdge {
  readonly edge: EdgeListeners;
  readonly handler: FixedHandler;
  /** Puts listeners in force and waits until each is bound. */
  apply(listeners: readonly EdgeListener[], certificates?: EdgeConfig['certificates']): Promise<void>;
}

/** An application behind it that answers `from the application`; `/slow` waits for `release`, and `/broken` breaks off at it. */
async function startEdge(): Promise<RunningEdge & { release(): void; readonly waiting: () => number }> {
  const slow: (() => void)[] = [];
  const app = createHttpServer((request, response) => {
    if (request.url === '/broken') {
      response.writeHead(200);
      response.write('part');
      slow.push(() => response.socket?.resetAndDestroy());
      return;
    }
    const answer = (): void => void response.end('from the application');
    if (request.url === '/slow') slow.push(answer);
    else answer();
  });
  const target = { address: '127.0.0.1', port: await listen(app) };
  const handler = fixedHandler({ targets: [target], edge: { upstreamProtocol: 'http/1.1' } });
  const edge = createEdge({
    hosts: ['127.0.0.1'],
    retryMs: 20,
    direction: {
      direction: 'gateway',
      handler: { ...handler, open: (connection) => handler.begin(NO_HEAD, connection) },
      limits: { ...LIMITS, headTimeoutMs: 1_000 },
      detect: { timeoutMs: 100, tcpPorts: new Set() },
      protocolOf: () => 'http',
      originalDestination: () => undefined,
      isOwnListener: () => false,
      connections: { add: () => undefined },
      log: SILENT,
    },
  });
  onTestFinished(() => {
    edge.close();
    app.closeAllConnections();
    app.close();
  });
  return {
    edge,
    handler,
    async apply(listeners, certificates = {}) {
      edge.apply({ listeners, certificates });
      await eventually('the ports', () => edge.state().every(({ state }) => state === 'listening'));
    },
    release: () => slow.splice(0).forEach((answer) => answer()),
    waiting: () => slow.length,
  };
}

const NO_HEAD: RequestHead = {
  ...{ protocol: 'http/1.1', method: '', authority: '', path: '' },
  headers: { get: () => undefined },
};

const https = (port: number, host: string, ...certificates: string[]): EdgeListener =>
  edgeListener(port, { protocol: 'https', host, certificates });

interface Shaken {
  /** Of the certificate that was shown. */
  readonly subject: string;
  readonly alpn: string | false;
  readonly socket: TLSSocket;
  readonly session: Buffer | undefined;
}

interface ShakeOptions {
  readonly session?: Buffer | undefined;
  readonly ALPNProtocols?: string[];
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
  readonly minVersion?: 'TLSv1.1' | 'TLSv1.2';
  readonly carrier?: Socket;
}

/** A handshake as a client makes it; rejects with the error that the client sees. */
function shakeHands(
  port: number,
  servername: string | undefined,
  options: ShakeOptions = {},
): Promise<Shaken> {
  const { carrier, session, ...more } = options;
  const socket = connectTls({
    ...(carrier === undefined ? { port, host: '127.0.0.1' } : { socket: carrier }),
    ...(servername === undefined ? {} : { servername }),
    ...(session === undefined ? {} : { session }),
    ...more,
    ciphers: 'DEFAULT@SECLEVEL=0',
    rejectUnauthorized: false,
  });
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve({
        subject: String(socket.getPeerCertificate().subject?.CN ?? ''),
        alpn: socket.alpnProtocol ?? false,
        socket,
        session: undefined,
      });
    });
  });
}

/** One request over a connection that is there; the whole answer. */
function askOver(socket: Socket, host: string, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}

async function answerTo(stream: ClientHttp2Stream): Promise<string> {
  let text = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

function get(port: number, path = '/'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
    request.end();
  });
}

describe('TLS', () => {
  test('each name gets its own certificate, and the handler hears of both', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, 'a.test', 'x/a'), https(port, 'b.test', 'x/b')], { 'x/a': a, 'x/b': b });
    for (const host of ['a.test', 'b.test']) {
      const { subject, socket } = await shakeHands(port, host);
      expect(subject).toBe(host);
      expect(await askOver(socket, host)).toContain('from the application');
    }
    expect(running.handler.exchanges.map(({ connection }) => connection.edge)).toEqual([
      { port, isTls: true, serverName: 'a.test' },
      { port, isTls: true, serverName: 'b.test' },
    ]);
  });

  test('a browser speaks HTTP/2 over TLS to an application that speaks HTTP/1', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, '*.a.test', 'x/a')], { 'x/a': a });
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      servername: 'www.a.test',
      rejectUnauthorized: false,
    });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ':path': '/', ':authority': 'www.a.test' });
    let status: number | undefined;
    let text = '';
    stream.on('response', (headers) => (status = headers[':status']));
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await eventually('the answer', () => text === 'from the application');
    expect(status).toBe(200);
    expect(running.handler.exchanges[0]?.head.protocol).toBe('h2');
  });

  test.each([
    ['a name that no listener is for', 'c.test'],
    ['a name whose listener has a certificate for another', 'wrong.test'],
    ['a name whose certificate is broken', 'broken.test'],
    ['a name whose certificate is missing', 'missing.test'],
    ['no name where none is for every host', undefined],
  ])('%s gets no certificate but an alert', async (_what, name) => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply(
      [
        https(port, 'a.test', 'x/a'),
        https(port, 'wrong.test', 'x/a'),
        https(port, 'broken.test', 'x/broken'),
        https(port, 'missing.test', 'x/none'),
      ],
      { 'x/a': a, 'x/broken': { certificate: a.certificate, key: b.key } },
    );
    await expect(shakeHands(port, name)).rejects.toMatchObject({
      code: expect.stringMatching(/UNRECOGNIZED_NAME/) as string,
    });
    expect((await shakeHands(port, 'a.test')).subject).toBe('a.test');
  });

  test('what is wrong with a certificate can be seen', async () => {
    const running = await startEdge();
    const port = await freePort();
    const broken = { certificate: 'no PEM at all', key: 'nor this' };
    await running.apply([https(port, 'a.test', 'x/broken', 'x/none')], { 'x/broken': broken });
    const [state] = running.edge.state();
    expect(state?.problems).toEqual([
      expect.stringMatching(/^x\/broken: /),
      'x/none: there is no such certificate',
    ]);
    expect(JSON.stringify(state)).not.toContain('nor this');
  });

  test('a client that sends no name gets the certificate of the listener for every host', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, 'a.test', 'x/a'), https(port, '*', 'x/b')], { 'x/a': a, 'x/b': b });
    expect((await shakeHands(port, undefined)).subject).toBe('b.test');
  });

  test('a new certificate is for new handshakes; connections go on', async () => {
    const running = await startEdge();
    const port = await freePort();
    const listeners = [https(port, 'a.test', 'x/a')];
    await running.apply(listeners, { 'x/a': a });
    const before = await shakeHands(port, 'a.test');
    const renewed = testCertificate('a.test');
    await running.apply(listeners, { 'x/a': renewed });
    const after = await shakeHands(port, 'a.test');
    const serial = ({ socket }: Shaken): string => socket.getPeerCertificate().serialNumber;
    expect(serial(after)).not.toBe(serial(before));
    expect(await askOver(before.socket, 'a.test')).toContain('200 OK');
    expect(await askOver(after.socket, 'a.test')).toContain('200 OK');
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a %s session is resumed with its own certificate and with no other',
    async (maxVersion) => {
      const running = await startEdge();
      const port = await freePort();
      await running.apply([https(port, 'a.test', 'x/a'), https(port, 'b.test', 'x/b')], {
        'x/a': a,
        'x/b': b,
      });
      const first = await shakeHands(port, 'a.test', { maxVersion });
      let session: Buffer | undefined;
      first.socket.on('session', (bytes: Buffer) => (session = bytes));
      await askOver(first.socket, 'a.test');
      session ??= first.socket.getSession();
      const again = await shakeHands(port, 'a.test', { maxVersion, session });
      expect(again.socket.isSessionReused()).toBe(true);
      const other = await shakeHands(port, 'b.test', { maxVersion, session });
      expect(other.socket.isSessionReused()).toBe(false);
      expect(other.subject).toBe('b.test');
    },
  );

  test('nothing older than TLS 1.2 is spoken', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, 'a.test', 'x/a')], { 'x/a': a });
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } as const;
    await expect(shakeHands(port, 'a.test', old)).rejects.toThrow(
      /protocol version|PROTOCOL_VERSION|ECONNRESET|alert/i,
    );
    expect((await shakeHands(port, 'a.test', { maxVersion: 'TLSv1.2' })).subject).toBe('a.test');
  });

  test('a response that breaks off is no orderly end for a client over TLS', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, 'a.test', 'x/a')], { 'x/a': a });
    const { socket } = await shakeHands(port, 'a.test');
    const answer = askOver(socket, 'a.test', '/broken');
    // libuv takes a reset for an end when it comes together with bytes.
    socket.on('data', (bytes: Buffer) => void (bytes.includes('part') && running.release()));
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('HTTP without TLS on its port is closed', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, 'a.test', 'x/a')], { 'x/a': a });
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect((await client.closed()).text).toBe('');
    expect(running.handler.exchanges).toHaveLength(0);
  });

  test('a client that never ends its handshake is cut', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, 'a.test', 'x/a')], { 'x/a': a });
    const client = rawClient(port);
    client.socket.write(Buffer.from('1603010200', 'hex'));
    await client.closed();
  });
});

describe('PROXY protocol', () => {
  const proxied = { policy: { ...OPEN_POLICY, proxyProtocol: true } };

  test('the peer is the one that the header names', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([edgeListener(port, proxied)]);
    const client = rawClient(port);
    client.write(
      'PROXY TCP4 192.0.2.7 10.0.0.1 1234 80\r\nGET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n',
    );
    expect((await client.closed()).text).toContain('from the application');
    expect(running.handler.exchanges[0]?.connection.peer).toEqual({ address: '192.0.2.7', port: 1234 });
  });

  test('it may come before a handshake', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([{ ...https(port, 'a.test', 'x/a'), ...proxied }], { 'x/a': a });
    const carrier = connectTcp(port, '127.0.0.1');
    carrier.write(Buffer.from('0d0a0d0a000d0a515549540a2111000cc00002070a000001007b0050', 'hex'));
    const { subject, socket } = await shakeHands(port, 'a.test', { carrier });
    expect(subject).toBe('a.test');
    expect(await askOver(socket, 'a.test')).toContain('200 OK');
    expect(running.handler.exchanges[0]?.connection.peer).toEqual({ address: '192.0.2.7', port: 123 });
  });

  test('LOCAL is whoever is connected', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([edgeListener(port, proxied)]);
    const client = rawClient(port);
    client.socket.write(Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'));
    client.write('GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n');
    await client.closed();
    expect(running.handler.exchanges[0]?.connection.peer.address).toBe('127.0.0.1');
  });

  test('a connection without it is closed', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([edgeListener(port, proxied)]);
    const client = rawClient(port);
    client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
    expect((await client.closed()).text).toBe('');
    const silent = rawClient(port);
    await silent.closed();
    expect(running.handler.exchanges).toHaveLength(0);
  });

  test('who may come is asked of the client that the header names', async () => {
    const running = await startEdge();
    const port = await freePort();
    const policy = { ...OPEN_POLICY, proxyProtocol: true, deny: ['192.0.2.0/24'] };
    await running.apply([edgeListener(port, { policy })]);
    const refused = rawClient(port);
    refused.write('PROXY TCP4 192.0.2.7 10.0.0.1 1 80\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n');
    expect((await refused.closed()).text).toBe('');
    const welcome = rawClient(port);
    welcome.write(
      'PROXY TCP4 198.51.100.7 10.0.0.1 1 80\r\nGET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n',
    );
    expect((await welcome.closed()).text).toContain('200 OK');
  });
});

describe('listeners', () => {
  test('a peer that may not come is closed unheard', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([edgeListener(port, { policy: { ...OPEN_POLICY, deny: ['127.0.0.0/8'] } })]);
    expect((await rawClient(port).closed()).text).toBe('');
  });

  test('come and go without touching each other', async () => {
    const running = await startEdge();
    const [stays, goes, comes] = [await freePort(), await freePort(), await freePort()];
    await running.apply([edgeListener(stays), edgeListener(goes)]);
    const open = rawClient(stays);
    open.write('GET /slow HTTP/1.1\r\nHost: b\r\n\r\n');
    await eventually('the request', () => running.waiting() === 1);
    await running.apply([edgeListener(stays), edgeListener(comes)]);
    expect(await get(comes)).toBe(200);
    expect(await get(stays)).toBe(200);
    await expect(get(goes)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    running.release();
    expect(await open.until('from the application')).toContain('200 OK');
    expect(open.socket.destroyed).toBe(false);
    expect(running.edge.state().map(({ port }) => port)).toEqual([stays, comes]);
  });

  test('what is in flight on one that goes is finished', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([edgeListener(port)]);
    const client = rawClient(port);
    client.write('GET /slow HTTP/1.1\r\nHost: b\r\n\r\n');
    await eventually('the request', () => running.waiting() === 1);
    await running.apply([]);
    await expect(get(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    running.release();
    const { text } = await client.closed();
    expect(text).toContain('from the application');
    expect(text.toLowerCase()).toContain('connection: close');
  });

  test('what is in flight over TLS on one that goes is finished, in HTTP/2 too, and idle connections end', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([https(port, 'a.test', 'x/a')], { 'x/a': a });
    const open = (): ClientHttp2Session => {
      const session = connectHttp2(`https://127.0.0.1:${port}`, {
        ...{ servername: 'a.test', rejectUnauthorized: false },
      });
      onTestFinished(() => session.destroy());
      return session;
    };
    const [idle, busy] = [open(), open()];
    expect(await answerTo(idle.request({ ':path': '/', ':authority': 'a.test' }))).toBe(
      'from the application',
    );
    const answer = answerTo(busy.request({ ':path': '/slow', ':authority': 'a.test' }));
    await eventually('the request', () => running.waiting() === 1);
    await running.apply([]);
    await eventually('the end of the idle one', () => idle.closed);
    running.release();
    expect(await answer).toBe('from the application');
    await eventually('the end of the busy one', () => busy.closed);
  });

  test('a port that somebody else has is told of, and opened when it is free', async () => {
    const running = await startEdge();
    const other = createServer();
    const port = await listen(other);
    running.edge.apply({ listeners: [edgeListener(port)], certificates: {} });
    await eventually('the failure', () => running.edge.state()[0]?.state === 'failed');
    expect(running.edge.state()[0]?.problems).toEqual([expect.stringContaining(`127.0.0.1:${port}`)]);
    await new Promise((resolve) => other.close(resolve));
    await eventually('the port', () => running.edge.state()[0]?.state === 'listening');
    expect(running.edge.state()[0]?.problems).toEqual([]);
    expect(await get(port)).toBe(200);
  });

  test('a port may change from HTTP to TLS while it is open', async () => {
    const running = await startEdge();
    const port = await freePort();
    await running.apply([edgeListener(port)]);
    expect(await get(port)).toBe(200);
    await running.apply([https(port, 'a.test', 'x/a')], { 'x/a': a });
    expect((await shakeHands(port, 'a.test')).subject).toBe('a.test');
  });

  test('a drain finishes what is in flight on every port', async () => {
    const running = await startEdge();
    const [plain, secure] = [await freePort(), await freePort()];
    await running.apply([edgeListener(plain), https(secure, 'a.test', 'x/a')], { 'x/a': a });
    const { socket } = await shakeHands(secure, 'a.test');
    const answer = askOver(socket, 'a.test', '/slow');
    await eventually('the request', () => running.waiting() === 1);
    const drained = running.edge.drain();
    await expect(get(plain)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    running.release();
    expect(await answer).toContain('from the application');
    await drained;
  });
});
