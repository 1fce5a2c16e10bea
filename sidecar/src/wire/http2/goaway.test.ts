import { constants, type ServerHttp2Session } from 'node:http2';
import type { Client } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { ECHO, grpcClient, type GrpcOrigin, startGrpc } from './testing/grpc-peers.ts';
import { finished, get, openSession, startOrigin, startRelay } from './testing/h2-peers.ts';
import { FRAMES, frame, headers } from './testing/raw-frames.ts';
import { scripted } from './testing/scripted-upstream.ts';

/** Undefined: the call was echoed; else what went wrong. */
function echo(client: Client, bytes: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      ECHO.unary.path,
      ECHO.unary.requestSerialize,
      ECHO.unary.responseDeserialize,
      bytes,
      (error, value) => {
        if (error) resolve(`${error.code} ${error.details}`);
        else resolve(value?.equals(bytes) ? undefined : 'another answer');
      },
    );
  });
}

/** Keeps `parallel` calls going until `total` were made; tells which failed. */
async function load(
  one: (at: number) => Promise<string | undefined>,
  total: number,
  parallel: number,
): Promise<string[]> {
  const failures: string[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < total) {
      const failure = await one((started += 1));
      if (failure !== undefined) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return failures;
}

test('loses no call while a node:http2 server recycles its connections under load', async () => {
  const served = new Map<ServerHttp2Session, number>();
  const origin = await startOrigin((stream) => {
    const session = stream.session as ServerHttp2Session;
    const count = (served.get(session) ?? 0) + 1;
    served.set(session, count);
    if (count === 50) session.close();
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.concat(chunks));
    });
  });
  const relay = await startRelay([origin]);
  const session = openSession(relay.port);
  const failures = await load(
    async (at) => {
      const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
      stream.end(`body ${at}`);
      const seen = await finished(stream);
      return seen.status === 200 && seen.body === `body ${at}` && seen.trailers[1] === '0'
        ? undefined
        : JSON.stringify(seen.head);
    },
    3_000,
    40,
  );
  expect(failures).toEqual([]);
  expect(origin.sessions.length).toBeGreaterThan(30);
  expect(relay.handler.exchanges.flatMap((one) => one.ends).length).toBe(3_000);
});

test('loses no call while a gRPC server drains its connections again and again', async () => {
  let served = 0;
  const origin: GrpcOrigin = await startGrpc({
    unary(received: { request: Buffer }, reply: (error: null, value: Buffer) => void) {
      served += 1;
      if (served % 100 === 0) origin.server.drain(`127.0.0.1:${origin.target.port}`, 5_000);
      reply(null, received.request);
    },
  });
  const relay = await startRelay([origin]);
  const client = grpcClient(relay.port);
  const failures = await load((at) => echo(client, Buffer.alloc(at % 5_000, at)), 2_000, 40);
  expect(failures).toEqual([]);
  expect(served).toBe(2_000);
});

function goaway(lastStream: number, code = 0): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream, 0);
  payload.writeUInt32BE(code, 4);
  return frame(FRAMES.goaway, 0, 0, payload);
}

const OK = (stream: number): Buffer => headers(stream, [[':status', '200']], { endStream: true });

test.each([0, constants.NGHTTP2_ENHANCE_YOUR_CALM])(
  'sends what a GOAWAY (code %i) disowned again on a new connection, body included, without asking for another endpoint',
  async (code) => {
    const upstream = await scripted((socket, stream, connection) => {
      if (connection === 1) socket.write(goaway(0, code));
      else socket.write(OK(stream));
    });
    const relay = await startRelay([upstream]);
    const stream = openSession(relay.port).request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
    stream.end('small');
    expect(await finished(stream)).toMatchObject({ status: 200 });
    expect(upstream.connections()).toBe(2);
    expect(relay.handler.exchanges[0]).toMatchObject({ retries: [], ends: [{ status: 200 }] });
  },
);

test('does not send again what a GOAWAY did not disown', async () => {
  const upstream = await scripted((socket, stream) => {
    socket.end(goaway(stream));
  });
  const relay = await startRelay([upstream]);
  const seen = await get(openSession(relay.port));
  expect(seen).toMatchObject({ status: 502, headers: { 'x-lanekeeper-error': 'upstream-reset' } });
  expect(upstream.connections()).toBe(1);
});

test('asks for another endpoint when one refuses the stream, and gives up when there is none', async () => {
  const refusing = await scripted((socket, stream) => {
    const code = Buffer.from([0, 0, 0, constants.NGHTTP2_REFUSED_STREAM]);
    socket.write(frame(FRAMES.rstStream, 0, stream, code));
  });
  const willing = await scripted((socket, stream) => {
    socket.write(OK(stream));
  });
  const relay = await startRelay([refusing, willing]);
  expect(await get(openSession(relay.port))).toMatchObject({ status: 200 });
  expect(relay.handler.exchanges[0]?.retries.map((error) => error.code)).toEqual(['upstream-refused']);
  const alone = await startRelay([refusing]);
  const seen = await get(openSession(alone.port));
  expect(seen).toMatchObject({ status: 503, headers: { 'x-lanekeeper-error': 'upstream-refused' } });
});

test('does not send a body again that was too large to keep', async () => {
  const upstream = await scripted(() => undefined);
  const { target } = upstream;
  const large = await startOrigin((stream) => {
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > 100_000 && !stream.closed) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
  });
  const relay = await startRelay([large, { target }]);
  const stream = openSession(relay.port).request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
  stream.write(Buffer.alloc(200_000));
  const seen = await finished(stream);
  expect(seen).toMatchObject({ status: 503, headers: { 'x-lanekeeper-error': 'upstream-refused' } });
  expect(relay.handler.exchanges[0]?.retries).toEqual([]);
  expect(upstream.connections()).toBe(0);
});

test('starts nothing on a connection that is going away, and lets what is open on it end', async () => {
  const waiting: (() => void)[] = [];
  const origin = await startOrigin((stream) => {
    waiting.push(() => {
      stream.respond({ ':status': 200 });
      stream.end('done');
    });
  });
  const session = openSession((await startRelay([origin])).port);
  const first = get(session);
  await eventually('first request', () => waiting.length === 1);
  origin.sessions[0]?.close();
  const second = get(session);
  await eventually('second request on a second connection', () => waiting.length === 2);
  expect(origin.sessions).toHaveLength(2);
  for (const answer of waiting) answer();
  expect(await first).toMatchObject({ status: 200, body: 'done' });
  expect(await second).toMatchObject({ status: 200, body: 'done' });
});

test('keeps a whole response for a slow reader when the upstream resets its connection behind it', async () => {
  const body = 'x'.repeat(120_000);
  const origin = await startOrigin((stream, headers) => {
    stream.respond({ ':status': 200 });
    if (headers[':path'] === '/next') return void stream.end();
    stream.end(body);
    stream.on('close', () => origin.sockets[0]?.resetAndDestroy());
  });
  const session = openSession((await startRelay([origin])).port, { initialWindowSize: 1_000 });
  const stream = session.request({ ':path': '/', ':authority': 'b' });
  await eventually('connection closed by the origin', () => origin.sessions[0]?.destroyed);
  await get(session, { ':path': '/next' });
  expect(origin.sessions).toHaveLength(2);
  expect((await finished(stream)).body).toBe(body);
});
