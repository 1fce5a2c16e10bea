import { createServer as createHttp1Server } from 'node:http';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ProxyError } from '../../proxy-error.ts';
import { eventually } from '../testing/eventually.ts';
import { LIMITS } from '../testing/generous-limits.ts';
import { listen } from '../testing/start-driver.ts';
import { createHttp2Driver } from './http2-driver.ts';
import { frameClient } from './testing/frame-client.ts';
import { finished, get, openSession, startOrigin, startRelay } from './testing/h2-peers.ts';
import { frame, FRAMES, headers, PREFACE, request, SETTINGS } from './testing/raw-frames.ts';

const NOBODY = { address: '127.0.0.1', port: 0 };

test('answers a refusal and an unreachable or HTTP/1.1 endpoint itself, with the code in a header', async () => {
  const http1 = createHttp1Server((_request, response) => response.end());
  const port = await listen(http1);
  onTestFinished(() => void http1.close());
  const target = { address: '127.0.0.1', port };
  const relay = await startRelay([{ target }], {
    refusal: (head) => (head.path === '/no' ? new ProxyError('no-endpoint', 'nobody serves b') : undefined),
  });
  const session = openSession(relay.port);
  const refused = await get(session, { ':path': '/no' });
  expect(refused).toMatchObject({ status: 503, headers: { 'x-lanekeeper-error': 'no-endpoint' } });
  expect(refused.body).toContain('nobody serves b');
  const post = session.request({ ':method': 'POST', ':path': '/no', ':authority': 'b' });
  post.end('body');
  expect(await finished(post)).toMatchObject({ status: 503 });
  const wrong = await get(session, { ':path': '/' });
  expect(wrong).toMatchObject({ status: 502, headers: { 'x-lanekeeper-error': 'connect-failed' } });
  expect(wrong.body).toContain('does it speak h2c?');
  http1.close();
  const codes = relay.handler.exchanges.map((one) => one.ends.map((end) => end.error?.code));
  expect(codes).toEqual([['no-endpoint'], ['no-endpoint'], ['connect-failed']]);
});

test('answers 504 when an endpoint does not begin HTTP/2 or a response in time, and lets long streams be', async () => {
  const origin = await startOrigin((stream, headers) => {
    if (headers[':path'] === '/late') return;
    stream.respond({ ':status': 200 });
    stream.write('begin ');
    setTimeout(() => stream.end('and end'), 300);
  });
  const relay = await startRelay([origin], { limits: { responseTimeoutMs: 100 } });
  const session = openSession(relay.port);
  const [late, long] = await Promise.all([get(session, { ':path': '/late' }), get(session)]);
  expect(late).toMatchObject({ status: 504, headers: { 'x-lanekeeper-error': 'response-timeout' } });
  expect(long.body).toBe('begin and end');

  const silent = createServer(() => undefined);
  const port = await listen(silent);
  onTestFinished(() => void silent.close());
  const mute = await startRelay([{ target: { address: '127.0.0.1', port } }], {
    limits: { connectTimeoutMs: 100 },
  });
  const seen = await get(openSession(mute.port));
  expect(seen).toMatchObject({ status: 504, headers: { 'x-lanekeeper-error': 'connect-timeout' } });
});

test('forgets a request whose client leaves while its connection is being made', async () => {
  let connections = 0;
  const silent = createServer(() => (connections += 1));
  const port = await listen(silent);
  onTestFinished(() => void silent.close());
  const relay = await startRelay([{ target: { address: '127.0.0.1', port } }]);
  const stream = openSession(relay.port).request({ ':path': '/', ':authority': 'b' });
  await eventually('the attempt', () => connections === 1);
  stream.close();
  await eventually('end', () => relay.handler.exchanges[0]?.ends.length === 1);
  const [exchange] = relay.handler.exchanges;
  expect(exchange).toMatchObject({
    retries: [],
    ends: [{ status: 499, error: { code: 'downstream-closed' } }],
  });
});

test('takes another endpoint when the first cannot be reached', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const dead = { target: { address: '127.0.0.1', port: 1 } };
  const relay = await startRelay([dead, origin]);
  const stream = openSession(relay.port).request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
  stream.end('again');
  expect(await finished(stream)).toMatchObject({ status: 200, body: 'again' });
  expect(relay.handler.exchanges[0]?.retries.map((error) => error.code)).toEqual(['connect-failed']);
});

test('opens further connections where an endpoint allows few streams on one, and reuses them', async () => {
  const waiting: (() => void)[] = [];
  const origin = await startOrigin(
    (stream) => {
      waiting.push(() => {
        stream.respond({ ':status': 200 });
        stream.end();
      });
    },
    { settings: { maxConcurrentStreams: 2 } },
  );
  const session = openSession((await startRelay([origin])).port);
  const all = Array.from({ length: 7 }, () => get(session));
  await eventually('all requests at the origin', () => waiting.length === 7);
  expect(origin.sessions.length).toBeGreaterThanOrEqual(4);
  for (const answer of waiting) answer();
  expect((await Promise.all(all)).map((seen) => seen.status)).toEqual(Array(7).fill(200));
  const before = origin.sessions.length;
  const once = get(session);
  await eventually('the next request', () => waiting.length === 8);
  waiting[7]?.();
  await once;
  expect(origin.sessions.length).toBe(before);
});

test('closes idle connections on both sides', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const relay = await startRelay([origin], { limits: { idleTimeoutMs: 50 } });
  const session = openSession(relay.port);
  await get(session);
  await eventually('client connection closed', () => session.closed);
  await eventually('origin connection closed', () => origin.sessions.every((one) => one.destroyed));
});

test.each([1, 3, 9, 23, 24, 30])(
  'takes over a connection whose first %i bytes were read and pushed back',
  async (cut) => {
    const origin = await startOrigin((stream) => {
      stream.respond({ ':status': 200 });
      stream.end('fine');
    });
    const relay = await startRelay([origin]);
    const driver = createHttp2Driver({ handler: relay.handler, limits: LIMITS });
    const listener = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once('readable', () => {
        const head: Buffer | null = socket.read();
        if (head) socket.unshift(head);
        driver.accept(socket, { direction: 'inbound', peer: NOBODY, local: NOBODY, destination: undefined });
      });
    });
    const port = await listen(listener);
    onTestFinished(() => {
      driver.close();
      listener.close();
    });
    const splitter = createServer((client) => {
      const server = connect(port, '127.0.0.1');
      server.on('error', () => undefined);
      client.on('error', () => undefined);
      server.pipe(client);
      client.once('data', (first: Buffer) => {
        server.write(first.subarray(0, cut), () => setImmediate(() => server.write(first.subarray(cut))));
        client.pipe(server);
      });
    });
    const through = await listen(splitter);
    onTestFinished(() => void splitter.close());
    expect(await get(openSession(through))).toMatchObject({ status: 200, body: 'fine' });
  },
);

test('does not wait for a client that never closes its side', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const relay = await startRelay([origin]);
  const client = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  let hasEnded = false;
  client.on('end', () => (hasEnded = true)).resume();
  client.write(Buffer.concat([PREFACE, SETTINGS, headers(1, request())]));
  await eventually('the exchange', () => relay.handler.exchanges[0]?.ends.length === 1);
  await relay.driver.drain();
  expect(hasEnded).toBe(true);
});

test.each(['stays', 'ends'])(
  'gives up a client that breaks HTTP/2 after its GOAWAY, and its requests: one that %s',
  async (how) => {
    const origin = await startOrigin(() => undefined);
    const relay = await startRelay([origin], { limits: { idleTimeoutMs: 100, headTimeoutMs: 100 } });
    const client = frameClient(relay.port);
    const goodbye = frame(FRAMES.goaway, 0, 0, Buffer.alloc(8));
    const bytes = Buffer.concat([headers(1, request()), goodbye, Buffer.alloc(11, 0xff)]);
    client.socket.write(bytes);
    if (how === 'ends') client.socket.end();
    await eventually('the end', () => relay.handler.exchanges[0]?.ends.length === 1);
    await eventually('the close', client.isClosed);
    await relay.driver.drain();
  },
);
