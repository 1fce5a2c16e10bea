import { constants } from 'node:http2';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { ProxyError } from '../../proxy-error.ts';
import { eventually } from '../testing/eventually.ts';
import type { RunningDriver } from '../testing/start-driver.ts';
import { type FrameClient, frameClient } from './testing/frame-client.ts';
import { get, openSession, type Origin, startOrigin, startRelay } from './testing/h2-peers.ts';
import {
  block,
  type Field,
  type Frame,
  FRAMES,
  frame,
  headers,
  PREFACE,
  request,
  setting,
  SETTINGS,
} from './testing/raw-frames.ts';

interface Bench {
  readonly relay: RunningDriver;
  readonly origin: Origin;
  /** Paths that reached the origin. */
  readonly paths: string[];
}

async function bench(limits = {}): Promise<Bench> {
  const paths: string[] = [];
  const origin = await startOrigin((stream, received) => {
    paths.push(String(received[':path']));
    stream.respond({ ':status': 200 });
    stream.end('fine');
  });
  return { relay: await startRelay([origin], { limits }), origin, paths };
}

const isReset = (stream: number) => (received: Frame) =>
  received.type === FRAMES.rstStream && received.stream === stream;
const isGoaway = (received: Frame) => received.type === FRAMES.goaway;

/** The driver still serves others, and every exchange that began has ended. */
async function stillServes({ relay }: Pick<Bench, 'relay'>): Promise<void> {
  const seen = await get(openSession(relay.port), { ':path': '/after' });
  expect(seen.status).toBe(200);
  await eventually('ends', () => relay.handler.exchanges.every((one) => one.ends.length === 1));
}

/** `:status: 400` in HPACK's static table (RFC 7541 appendix A), as an indexed field. */
const INDEXED_STATUS_400 = 0x80 | 12;

const withHost = (host: string, authority?: string): Field[] => [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/bad'],
  ...(authority === undefined ? [] : ([[':authority', authority]] as Field[])),
  ['host', host],
];

test.each<[string, Field[]]>([
  ['host and :authority name different servers', withHost('c', 'b')],
  ['an authority with user information', withHost('user@b')],
  ['an authority with a space', withHost('b c')],
  ['an authority with two ports', withHost('b:80:81')],
])('refuses an ambiguous authority with 400: %s', async (_name, fields) => {
  const { relay, paths } = await bench();
  const client = frameClient(relay.port);
  client.socket.write(headers(1, fields));
  const answer = await client.until(
    'an answer',
    ({ type, stream }) => stream === 1 && (type === FRAMES.headers || type === FRAMES.rstStream),
  );
  if (answer.type === FRAMES.headers) {
    expect(answer.payload[0]).toBe(INDEXED_STATUS_400);
    expect(relay.handler.refused.map((error) => error.code)).toEqual(['ambiguous-authority']);
  }
  await stillServes({ relay });
  expect(paths).toEqual(['/after']);
});

test('takes one authority from host alone, or from both when they agree', async () => {
  const { relay } = await bench();
  const client = frameClient(relay.port);
  client.socket.write(headers(1, withHost('B:80')));
  client.socket.write(headers(3, withHost('b', 'B')));
  await client.until('the second answer', ({ stream, type }) => stream === 3 && type === FRAMES.headers);
  await eventually('two exchanges', () => relay.handler.exchanges.length === 2);
  expect(relay.handler.exchanges.map((one) => one.head.authority)).toEqual(['b:80', 'b']);
});

test.each<[string, readonly Field[]]>([
  [
    'two hosts',
    request('/bad', [
      ['host', 'b'],
      ['host', 'b'],
    ]),
  ],
  ['a connection header', request('/bad', [['connection', 'close']])],
  ['transfer-encoding', request('/bad', [['transfer-encoding', 'chunked']])],
  ['upgrade', request('/bad', [['upgrade', 'h2c']])],
  ['te other than trailers', request('/bad', [['te', 'gzip']])],
  ['an upper-case name', request('/bad', [['X-Upper', '1']])],
  ['a pseudo-header after a field', [...request('/bad', [['x', '1']]), [':path', '/other']]],
  ['two paths', [...request('/bad'), [':path', '/other']]],
  ['an unknown pseudo-header', [[':new', '1'], ...request('/bad')]],
  ['a response pseudo-header', [[':status', '200'], ...request('/bad')]],
  [
    'no path',
    [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'b'],
    ],
  ],
  [
    'two content-lengths',
    request('/bad', [
      ['content-length', '1'],
      ['content-length', '1'],
    ]),
  ],
  ['a signed content-length', request('/bad', [['content-length', '+1']])],
  ['a body shorter than its content-length', request('/bad', [['content-length', '5']])],
])('lets nothing of a malformed request reach the upstream: %s', async (_name, fields) => {
  const { relay, paths } = await bench();
  const client = frameClient(relay.port);
  client.socket.write(headers(1, fields));
  await eventually(
    'refusal',
    () =>
      client.frames.some(isReset(1)) ||
      client.frames.some(isGoaway) ||
      client.frames.some((received) => received.type === FRAMES.headers && received.stream === 1),
  );
  await stillServes({ relay });
  expect(paths).toEqual(['/after']);
});

test.each<[string, Field]>([
  ['NUL', ['x-bad', 'a\0b']],
  ['CR LF', ['x-bad', 'a\r\nx-smuggled: 1']],
  ['a space in the name', ['x bad', '1']],
])('never passes on a field with characters that no field may have: %s', async (_name, field) => {
  let received: readonly string[] = [];
  const origin = await startOrigin((stream, _headers, raw) => {
    received = raw;
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const relay = await startRelay([origin]);
  const client = frameClient(relay.port);
  client.socket.write(headers(1, request('/', [field, ['x-good', '1']])));
  await client.until('an answer', ({ stream }) => stream === 1);
  expect(received.join('\n')).not.toMatch(/x.bad|smuggled/);
});

test('refuses a head over the limit with 431 and its reason, and resets one far over it', async () => {
  const { relay, paths } = await bench({ maxHeadBytes: 2_000 });
  const session = openSession(relay.port);
  const large = await get(session, { 'x-large': 'v'.repeat(2_500) });
  expect(large).toMatchObject({ status: 431, headers: { 'x-lanekeeper-error': 'head-too-large' } });
  const huge = await get(session, { 'x-huge': 'v'.repeat(50_000) });
  expect(huge.status).toBeUndefined();
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, '1']));
  expect((await get(session, many)).status).not.toBe(200);
  expect(paths).toEqual([]);
  await stillServes({ relay });
});

test('cuts a client that opens streams only to reset them, before the work piles up', async () => {
  const { relay } = await bench();
  const client = frameClient(relay.port);
  const reset = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
  let stream = 1;
  await eventually('cut', () => {
    for (let at = 0; at < 50; at += 1, stream += 2)
      client.socket.write(
        Buffer.concat([
          headers(stream, request('/r'), { endStream: false }),
          frame(FRAMES.rstStream, 0, stream, reset),
        ]),
      );
    return client.isClosed();
  });
  expect(stream / 2).toBeLessThan(5_000);
  await eventually('cause told', () =>
    relay.handler.refused.some((error) => error.message.includes('reset')),
  );
  await stillServes({ relay });
});

test('lets a client that cancels some of its calls be', async () => {
  const origin = await startOrigin((stream, received) => {
    if (received[':path'] === '/hang') return;
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const relay = await startRelay([origin]);
  const session = openSession(relay.port);
  for (let round = 0; round < 30; round += 1) {
    const hung = Array.from({ length: 20 }, () => session.request({ ':path': '/hang', ':authority': 'b' }));
    const served = await Promise.all(Array.from({ length: 25 }, () => get(session)));
    expect(served.every((seen) => seen.status === 200)).toBe(true);
    for (const stream of hung) {
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
  }
  expect(session.closed).toBe(false);
  expect(relay.handler.refused).toEqual([]);
});

test.each<[string, (client: FrameClient) => Buffer]>([
  ['CONTINUATION without end', () => frame(FRAMES.continuation, 0, 1, block([['x', 'y'.repeat(1_000)]]))],
  ['PING', () => Buffer.concat(Array(100).fill(frame(FRAMES.ping, 0, 0, Buffer.alloc(8))) as Buffer[])],
  ['SETTINGS', () => Buffer.concat(Array(100).fill(setting(4, 65_535)) as Buffer[])],
  ['unknown streams', () => frame(FRAMES.data, 0, 99, Buffer.alloc(10))],
])('cuts a flood of frames: %s', async (name, flood) => {
  const { relay } = await bench();
  const client = frameClient(relay.port);
  if (name.startsWith('CONTINUATION'))
    client.socket.write(headers(1, request(), { endHeaders: false, endStream: false }));
  const before = process.memoryUsage().rss;
  await eventually('cut', () => {
    if (!client.socket.writableNeedDrain) client.socket.write(flood(client));
    return client.isClosed();
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  await stillServes({ relay });
});

test.each<[string, Buffer]>([
  ['a wrong preface', Buffer.from('GET / HTTP/1.1\r\nhost: b\r\n\r\n')],
  ['half a preface and an end', PREFACE.subarray(0, 10)],
  [
    'a frame over the size limit',
    Buffer.concat([PREFACE, SETTINGS, frame(FRAMES.data, 0, 1, Buffer.alloc(20_000))]),
  ],
  [
    'HPACK that cannot be decoded',
    Buffer.concat([PREFACE, SETTINGS, frame(FRAMES.headers, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff]))]),
  ],
  ['an even stream', Buffer.concat([PREFACE, SETTINGS, headers(2, request())])],
])('ends a connection that does not speak HTTP/2: %s', async (_name, bytes) => {
  const { relay, paths } = await bench({ headTimeoutMs: 200 });
  const socket = connect(relay.port, '127.0.0.1');
  let isClosed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  socket.resume();
  socket.write(bytes);
  await eventually('close', () => isClosed);
  await stillServes({ relay });
  expect(paths).toEqual(['/after']);
});

test('ends connections that say nothing, or open nothing, in the times set for that', async () => {
  const { relay } = await bench({ headTimeoutMs: 50, idleTimeoutMs: 100 });
  const silent = connect(relay.port, '127.0.0.1');
  silent.on('error', () => undefined).resume();
  const idle = frameClient(relay.port);
  await eventually('both closed', () => silent.destroyed && idle.isClosed());
  expect(relay.handler.exchanges).toEqual([]);
});

test('cuts a stream whose client never opens its window', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('x'.repeat(100_000));
  });
  const relay = await startRelay([origin], { limits: { idleTimeoutMs: 200 } });
  const client = frameClient(relay.port, setting(4, 0));
  client.socket.write(headers(1, request('/window')));
  await client.until('reset', isReset(1));
  await eventually('end', () => relay.handler.exchanges[0]?.ends.length === 1);
  expect(relay.handler.exchanges[0]?.ends[0]).toMatchObject({
    status: 200,
    error: { code: 'downstream-closed' },
  });
});

test('waits no longer for a client whose window is shut before an answer of the proxy itself', async () => {
  const relay = await startRelay([], { refusal: () => new ProxyError('no-endpoint', 'nobody') });
  const client = frameClient(relay.port, setting(4, 0));
  client.socket.write(headers(1, request('/window')));
  await eventually('end', () => relay.handler.exchanges[0]?.ends.length === 1);
});

test('refuses streams beyond the limit it announced', async () => {
  const origin = await startOrigin(() => undefined);
  const relay = await startRelay([origin]);
  const client = frameClient(relay.port);
  for (let at = 0; at < 300; at += 1) client.socket.write(headers(1 + 2 * at, request(`/${at}`)));
  await client.until('refusal', (received) => received.type === FRAMES.rstStream);
  expect(relay.handler.exchanges.length).toBeLessThanOrEqual(256);
});

test('takes the goodbye of a grpc-go client, a GOAWAY that names its own stream, for what it is', async () => {
  const { relay } = await bench();
  const client = frameClient(relay.port);
  client.socket.write(headers(1, request('/last')));
  await client.until('response', ({ stream, flags }) => stream === 1 && (flags & 1) === 1);
  client.socket.write(frame(FRAMES.goaway, 0, 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])));
  await eventually('close', client.isClosed);
  expect(relay.handler.refused).toEqual([]);
});

test('survives clients that vanish at any moment', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.write('x'.repeat(100_000));
    setImmediate(() => stream.end('end'));
  });
  const relay = await startRelay([origin]);
  const bytes = Buffer.concat([
    PREFACE,
    SETTINGS,
    headers(1, request('/one'), { endStream: false }),
    frame(FRAMES.data, 1, 1, Buffer.alloc(5_000)),
    headers(3, request('/two')),
  ]);
  for (let cut = 1; cut < bytes.length; cut += cut < 200 ? 7 : 900) {
    const socket = connect(relay.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise<void>((done) => socket.write(bytes.subarray(0, cut), () => done()));
    if (cut % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
  await stillServes({ relay });
});
