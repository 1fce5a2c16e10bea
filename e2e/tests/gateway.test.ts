import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import type { EdgeCertificate } from '@lanekeeper/protocol/edge';
import { testCertificate } from '@lanekeeper/sidecar/listen/edge/testing/test-certificate';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import {
  forwardTo,
  listenerOf,
  PROXIED,
  startGateway,
  type GatewayProcess,
} from '../harness/gateway-process.ts';
import { send, type Place } from '../harness/http-client.ts';

const run = promisify(execFile);

describe('a gateway', () => {
  const ends: (() => unknown)[] = [];
  let www: EdgeCertificate;
  let api: EdgeCertificate;
  beforeAll(() => {
    www = testCertificate('www.test');
    api = testCertificate('api.test');
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  /** An application that speaks HTTP/1.1 only. */
  async function startApp(
    onRequest: RequestListener,
  ): Promise<Place & { readonly server: ReturnType<typeof createServer> }> {
    const server = createServer(onRequest);
    const at = { address: '127.0.0.1', port: await freePort() };
    server.listen(at.port, at.address);
    await once(server, 'listening');
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { ...at, server };
  }

  // It answers when it has read everything: curl 7.88 now and then waits for ever where an answer ends before its upload has.
  const hello: RequestListener = (request, response) => {
    request.resume().once('end', () => {
      response.end(`${request.headers.host} ${request.url} over ${request.httpVersion}`);
    });
  };

  async function gateway(
    apps: Readonly<Record<string, Place>>,
    variables: Parameters<typeof startGateway>[0]['variables'] = {},
  ): Promise<GatewayProcess> {
    const started = await startGateway({ apps, variables });
    ends.push(() => started.stop());
    return started;
  }

  const local = (port: number): Place => ({ address: '127.0.0.1', port });

  /** The common name of the certificate that `name` gets. */
  async function certificateFor(port: number, name: string): Promise<string> {
    const socket = connectTls({ port, host: '127.0.0.1', servername: name, rejectUnauthorized: false });
    ends.push(() => socket.destroy());
    await once(socket, 'secureConnect');
    return String(socket.getPeerCertificate().subject.CN);
  }

  const curl = async (...args: string[]): Promise<string> =>
    (await run('curl', ['-sS', '-k', '--max-time', '10', ...args])).stdout;

  it('serves two hosts over TLS, in HTTP/2 and HTTP/1.1, from an application that knows neither', async () => {
    const app = await startApp(hello);
    const edge = await gateway({ a: app });
    const port = await freePort();
    const tls = { protocol: 'https' } as const;
    const rules = [forwardTo('a')];
    await edge.apply(
      [
        listenerOf(port, rules, { ...tls, host: 'www.test', certificates: ['shop/www'] }),
        listenerOf(port, rules, { ...tls, host: 'api.test', certificates: ['shop/api'] }),
      ],
      { 'shop/www': www, 'shop/api': api },
    );
    expect(await certificateFor(port, 'www.test')).toBe('www.test');
    expect(await certificateFor(port, 'api.test')).toBe('api.test');
    const asked = [
      `--resolve`,
      `www.test:${port}:127.0.0.1`,
      '-w',
      ' %{http_version}',
      `https://www.test:${port}/x?y=1`,
    ];
    expect(await curl('--http2', ...asked)).toBe(`www.test:${port} /x?y=1 over 1.1 2`);
    expect(await curl('--http1.1', ...asked)).toBe(`www.test:${port} /x?y=1 over 1.1 1.1`);
    const upload = ['--http2', '-X', 'PUT', '-d', 'x'.repeat(100_000), ...asked];
    expect(await curl(...upload)).toContain('over 1.1 2');
  });

  it('takes a new certificate for new connections, and no request fails', async () => {
    const app = await startApp(hello);
    const edge = await gateway({ a: app });
    const port = await freePort();
    const listeners = [
      listenerOf(port, [forwardTo('a')], { protocol: 'https', host: 'www.test', certificates: ['shop/www'] }),
    ];
    await edge.apply(listeners, { 'shop/www': www });
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      servername: 'www.test',
      rejectUnauthorized: false,
    });
    ends.push(() => session.destroy());
    const ask = async (): Promise<number> => {
      const stream = session.request({ ':path': '/', ':authority': 'www.test' });
      stream.resume();
      const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
      await once(stream, 'close');
      return headers[':status'];
    };
    const serial = async (): Promise<string> => {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        servername: 'www.test',
        rejectUnauthorized: false,
      });
      ends.push(() => socket.destroy());
      await once(socket, 'secureConnect');
      return socket.getPeerCertificate().serialNumber;
    };
    const before = await serial();
    const statuses = new Set<number>();
    let isOver = false;
    const load = (async () => {
      while (!isOver) statuses.add(await ask());
    })();
    await edge.apply(listeners, { 'shop/www': testCertificate('www.test') });
    await eventually('the new certificate', async () => (await serial()) !== before);
    statuses.add(await ask());
    isOver = true;
    await load;
    expect([...statuses]).toEqual([200]);
  });

  it('opens and closes listeners under load without a failed request on the others', async () => {
    const app = await startApp(hello);
    const edge = await gateway({ a: app });
    const [stays, comes] = [await freePort(), await freePort()];
    const rules = [forwardTo('a')];
    await edge.apply([listenerOf(stays, rules)]);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    ends.push(() => agent.destroy());
    let isOver = false;
    let answered = 0;
    const statuses = new Set<number>();
    const failures: unknown[] = [];
    const worker = async (): Promise<void> => {
      while (!isOver) {
        try {
          statuses.add((await send(local(stays), { agent })).status);
          answered += 1;
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const load = Promise.all([worker(), worker(), worker(), worker()]);
    for (let round = 0; round < 3; round += 1) {
      await edge.apply([listenerOf(stays, rules), listenerOf(comes, rules)]);
      expect((await send(local(comes))).status).toBe(200);
      await edge.apply([listenerOf(stays, rules)]);
      await expect(send(local(comes))).rejects.toThrow(/ECONNREFUSED/);
    }
    isOver = true;
    await load;
    expect(failures).toEqual([]);
    expect([...statuses]).toEqual([200]);
    expect(answered).toBeGreaterThan(10);
  });

  it('tells of a port that it cannot have, and takes it when it can', async () => {
    const app = await startApp(hello);
    const edge = await gateway({ a: app });
    const taken = await startApp(hello);
    const applied = edge.apply([listenerOf(taken.port, [forwardTo('a')])]);
    await eventually('the failure', async () => (await edge.listeners())[0]?.state === 'failed');
    expect((await edge.listeners())[0]?.problems).toEqual([expect.stringContaining('in use')]);
    taken.server.close();
    await applied;
    expect((await send(local(taken.port))).status).toBe(200);
  });

  it('carries a WebSocket to a rewritten path, over TLS as well', async () => {
    const app = await startApp(hello);
    const sockets = new WebSocketServer({ server: app.server, path: '/inner/chat' });
    sockets.on('connection', (socket) =>
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
    );
    ends.push(() => sockets.close());
    const edge = await gateway({ a: app });
    const [plain, secure] = [await freePort(), await freePort()];
    const rules = [
      forwardTo('a', {
        match: { path: { prefix: '/ws' } },
        rewrite: { path: { prefix: '/inner' } },
        timeouts: { requestMs: 200 },
      }),
    ];
    await edge.apply(
      [
        listenerOf(plain, rules),
        listenerOf(secure, rules, { protocol: 'https', host: 'www.test', certificates: ['shop/www'] }),
      ],
      { 'shop/www': www },
    );
    const options = { rejectUnauthorized: false, servername: 'www.test' };
    for (const url of [`ws://127.0.0.1:${plain}/ws/chat`, `wss://127.0.0.1:${secure}/ws/chat`]) {
      const socket = new WebSocket(url, { ...options, headers: { host: 'www.test' } });
      ends.push(() => socket.terminate());
      await once(socket, 'open');
      socket.send('hello');
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(data.toString()).toBe('hello');
      // A connection that has changed its protocol is no request any more: its bounds of time are not its.
      const alive = once(socket, 'pong');
      socket.ping();
      await alive;
      const closed = once(socket, 'close');
      socket.close(1000);
      expect((await closed)[0]).toBe(1000);
    }
  });

  it('believes the PROXY header of a load balancer, and closes who sends none', async () => {
    const seen: (string | string[] | undefined)[] = [];
    const app = await startApp((request, response) => {
      seen.push(request.headers['x-forwarded-for']);
      hello(request, response);
    });
    const edge = await gateway({ a: app });
    const port = await freePort();
    await edge.apply([listenerOf(port, [forwardTo('a')], { policy: PROXIED })]);
    expect(await curl('--haproxy-protocol', `http://127.0.0.1:${port}/`)).toContain('over 1.1');
    expect(seen).toEqual(['127.0.0.1']);
    await expect(curl(`http://127.0.0.1:${port}/`)).rejects.toThrow(/Empty reply|reset/);
  });

  it('refuses what is too large and gives up what takes too long', async () => {
    const app = await startApp((request, response) => {
      request.resume();
      if (request.url !== '/silent') request.on('end', () => response.end('whole'));
    });
    const edge = await gateway({ a: app });
    const port = await freePort();
    await edge.apply([
      listenerOf(port, [
        forwardTo('a', { match: { path: { prefix: '/silent' } }, timeouts: { requestMs: 100 } }),
        forwardTo('a', { maxBodyBytes: 10 }),
      ]),
    ]);
    expect((await send(local(port), { method: 'POST', body: 'x'.repeat(10) })).text).toBe('whole');
    const large = await send(local(port), { method: 'POST', body: 'x'.repeat(11) });
    expect([large.status, large.headers['x-lanekeeper-error']]).toEqual([413, 'body-too-large']);
    const counted = ['-X', 'POST', '-H', 'Transfer-Encoding: chunked', '-d', 'x'.repeat(11)];
    expect(await curl(...counted, '-w', '%{http_code}', `http://127.0.0.1:${port}/`)).toMatch(/413$/);
    const late = await send(local(port), { path: '/silent' });
    expect([late.status, late.headers['x-lanekeeper-error']]).toEqual([504, 'request-timeout']);
  });

  it('copies requests to a mirror whose answers nobody waits for', async () => {
    const app = await startApp(hello);
    const copies: string[] = [];
    const held: ServerResponse[] = [];
    const mirror = await startApp((request: IncomingMessage, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => copies.push(`${request.method} ${request.url} ${body}`));
      held.push(response);
    });
    const edge = await gateway({ a: app, m: mirror });
    const port = await freePort();
    const mirrors = [{ service: { name: 'm', namespace: 'shop' }, port: 80, percent: 100 }];
    await edge.apply([listenerOf(port, [forwardTo('a', { mirrors })])]);
    const answer = await send(local(port), { method: 'POST', path: '/order', body: 'tea' });
    expect(answer.status).toBe(200);
    await eventually('the copy', () => copies.length > 0);
    expect(copies).toEqual(['POST /order tea']);
  });

  it('goes out of a load balancer before it stops: not ready at once, serving until told to close', async () => {
    const app = await startApp(hello);
    const edge = await gateway({ a: app }, { drainDelayMs: '600' });
    const port = await freePort();
    await edge.apply([listenerOf(port, [forwardTo('a')])]);
    await eventually('ready', async () => (await send(edge.status, { path: '/ready' })).status === 200);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    ends.push(() => agent.destroy());
    await send(local(port), { agent });
    const ended = edge.terminate();
    await eventually('not ready', async () => (await send(edge.status, { path: '/ready' })).status === 503);
    const during = await send(local(port));
    expect(during.status).toBe(200);
    let last = await send(local(port), { agent });
    while (last.headers.connection !== 'close') last = await send(local(port), { agent });
    expect(last.status).toBe(200);
    expect(await ended).toBe(0);
  });
});
