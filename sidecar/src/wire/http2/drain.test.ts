import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { ECHO, grpcClient, startGrpc } from './testing/grpc-peers.ts';
import { frameClient } from './testing/frame-client.ts';
import { openSession, startOrigin, startRelay, watch } from './testing/h2-peers.ts';
import { FRAMES, frame, headers, request, setting } from './testing/raw-frames.ts';

test('announces a drain, takes what is under way, finishes it, then closes both sides', async () => {
  const waiting: (() => void)[] = [];
  const origin = await startOrigin((stream) => {
    waiting.push(() => {
      stream.respond({ ':status': 200 });
      stream.end('done');
    });
  });
  const relay = await startRelay([origin]);
  const client = frameClient(relay.port);
  const lastStreams = (): number[] =>
    client.frames.filter(({ type }) => type === FRAMES.goaway).map(({ payload }) => payload.readUInt32BE(0));
  client.socket.write(headers(1, request()));
  await eventually('first request', () => waiting.length === 1);
  let isDrained = false;
  const drained = relay.driver.drain().then(() => (isDrained = true));
  const ping = await client.until('PING', ({ type }) => type === FRAMES.ping);
  expect(lastStreams()).toEqual([2 ** 31 - 1]);
  client.socket.write(headers(3, request()));
  client.socket.write(frame(FRAMES.ping, 1, 0, ping.payload));
  await eventually('second request', () => waiting.length === 2);
  await eventually('the second GOAWAY', () => lastStreams().length === 2);
  expect(lastStreams()[1]).toBe(3);
  expect(isDrained).toBe(false);
  for (const answer of waiting) answer();
  await drained;
  await eventually('client connection closed', client.isClosed);
  const ended = client.frames.filter(({ type, flags }) => type === FRAMES.data && (flags & 1) === 1);
  expect(ended.map(({ stream }) => stream).sort()).toEqual([1, 3]);
  await eventually('origin connection closed', () => origin.sessions.every((one) => one.destroyed));
});

test('announces a drain between frames: nothing that is under way is torn', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const relay = await startRelay([origin]);
  const sessions = Array.from({ length: 8 }, () => openSession(relay.port));
  const size = 2 * 1024 * 1024;
  const all = sessions.flatMap((session) =>
    Array.from({ length: 4 }, async (_, at) => {
      const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
      stream.end(Buffer.alloc(size, at));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).equals(Buffer.alloc(size, at));
    }),
  );
  await eventually('all requests', () => relay.handler.exchanges.length === 32);
  await relay.driver.drain();
  expect(await Promise.all(all)).toEqual(Array(32).fill(true));
});

test('finishes a large response whose client reads it late', async () => {
  const size = 32 * 1024 * 1024;
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(size));
  });
  const relay = await startRelay([origin]);
  const client = frameClient(relay.port, setting(INITIAL_WINDOW, 2 ** 30));
  client.socket.write(frame(FRAMES.windowUpdate, 0, 0, Buffer.of(0x20, 0, 0, 0)));
  client.socket.write(headers(1, request()));
  await client.until('response', ({ stream }) => stream === 1);
  client.socket.pause();
  const stands = standsStill(() => origin.sessions[0]?.socket?.bytesWritten ?? 0);
  // From then on the proxy's own writes wait for the client: nothing may be written behind them.
  await eventually('a connection that is full', stands);
  void relay.driver.drain();
  client.socket.resume();
  const received = (): number =>
    client.frames.reduce((sum, { type, payload }) => sum + (type === FRAMES.data ? payload.length : 0), 0);
  await eventually('the whole response', () => received() === size);
});

/** SETTINGS_INITIAL_WINDOW_SIZE */
const INITIAL_WINDOW = 4;

/** Whether `count` has begun and been the same for the last looks. */
function standsStill(count: () => number): () => boolean {
  const looks: number[] = [];
  return () => {
    looks.push(count());
    const last = looks.slice(-20);
    return last.length === 20 && last[0] !== 0 && last.every((look) => look === last[0]);
  };
}

test('does not wait for a client that never answers the PING', async () => {
  const origin = await startOrigin((stream) => stream.respond({ ':status': 200 }, { endStream: true }));
  const relay = await startRelay([origin]);
  const client = frameClient(relay.port);
  client.socket.write(headers(1, request()));
  await client.until('response', ({ stream }) => stream === 1);
  await relay.driver.drain();
  await eventually('client connection closed', client.isClosed);
});

test('drains at once when nothing is open, and turns connections away afterwards', async () => {
  const origin = await startOrigin((stream) => stream.close());
  const relay = await startRelay([origin]);
  await relay.driver.drain();
  const session = openSession(relay.port);
  await eventually('turned away', () => session.closed);
});

test('closes at once: both sides are reset and every exchange ends', async () => {
  const origin = await startOrigin((stream) => stream.respond({ ':status': 200 }));
  const relay = await startRelay([origin]);
  const seen = watch(openSession(relay.port).request({ ':path': '/', ':authority': 'b' }));
  await eventually('response', () => seen.status === 200);
  relay.driver.close();
  await eventually('end', () => seen.isClosed);
  expect(seen.stream.rstCode).not.toBe(0);
  await eventually('origin connection closed', () => origin.sessions.every((one) => one.destroyed));
  await eventually('exchange ended', () => relay.handler.exchanges[0]?.ends.length === 1);
});

test('a gRPC client moves to another proxy during a drain without losing a call', async () => {
  const origin = await startGrpc({
    unary: (call: { request: Buffer }, reply: (error: null, value: Buffer) => void) =>
      setImmediate(() => reply(null, call.request)),
  });
  const [old, young] = [await startRelay([origin]), await startRelay([origin])];
  const client = grpcClient(old.port, {});
  const codes: (number | undefined)[] = [];
  const call = (target: typeof client): void =>
    void target.makeUnaryRequest(
      ECHO.unary.path,
      ECHO.unary.requestSerialize,
      ECHO.unary.responseDeserialize,
      Buffer.from('x'),
      (error) => codes.push(error?.code ?? status.OK),
    );
  for (let at = 0; at < 50; at += 1) call(client);
  await eventually('calls at the proxy', () => old.handler.exchanges.length > 0);
  const drained = old.driver.drain();
  const other = grpcClient(young.port);
  for (let at = 0; at < 50; at += 1) call(other);
  await eventually('all calls', () => codes.length === 100);
  await drained;
  expect(codes.filter((code) => code !== status.OK)).toEqual([]);
});
