import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ServerHttp2Stream } from 'node:http2';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { openSession, startOrigin, startRelay, watch } from './testing/h2-peers.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'x');
/** What may lie between a writer and a reader that has stopped: two stream windows and two writable buffers a hop, and change. */
const IN_BETWEEN = 1024 * 1024;
const TOTAL = 64 * 1024 * 1024;

/** Writes as fast as the stream takes it, up to `TOTAL` bytes; tells how much went in. */
function pour(stream: {
  write(chunk: Buffer): boolean;
  end(): unknown;
  on(event: 'drain', done: () => void): unknown;
}): {
  readonly written: () => number;
} {
  let written = 0;
  const more = (): void => {
    let takes = true;
    while (takes && written < TOTAL) {
      takes = stream.write(CHUNK);
      written += CHUNK.length;
    }
    if (written >= TOTAL) stream.end();
  };
  stream.on('drain', more);
  more();
  return { written: () => written };
}

/** Waits until a number has stopped growing for many turns of the loop. */
async function settled(what: string, read: () => number): Promise<number> {
  let last = -1;
  let turns = 0;
  await eventually(what, () => {
    turns = read() === last ? turns + 1 : 0;
    last = read();
    return turns > 2_000;
  });
  return last;
}

test('a slow reader of a response stops the writer, and gets everything in the end', async () => {
  let source: { written: () => number } | undefined;
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    source = pour(stream);
  });
  const relay = await startRelay([origin]);
  const stream = openSession(relay.port).request({ ':path': '/', ':authority': 'b' });
  await eventually('the first bytes', () => (source?.written() ?? 0) > 0);
  const held = await settled('the writer stopped', () => source?.written() ?? 0);
  expect(held).toBeLessThan(IN_BETWEEN);
  let size = 0;
  stream.on('data', (chunk: Buffer) => (size += chunk.length));
  await eventually('all of it', () => size === TOTAL);
});

test('a slow reader of a request stops the writer, and gets everything in the end', async () => {
  let sink: ServerHttp2Stream | undefined;
  const origin = await startOrigin((stream) => (sink = stream));
  const relay = await startRelay([origin]);
  const stream = openSession(relay.port).request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
  const source = pour(stream);
  await eventually('the request', () => sink);
  const held = await settled('the writer stopped', source.written);
  expect(held).toBeLessThan(IN_BETWEEN);
  let size = 0;
  sink?.on('data', (chunk: Buffer) => (size += chunk.length));
  await eventually('all of it', () => size === TOTAL);
});

test('one slow reader does not hold up the others of its connection', async () => {
  const origin = await startOrigin((stream, headers) => {
    stream.respond({ ':status': 200 });
    if (headers[':path'] === '/slow') pour(stream);
    else stream.end('quick');
  });
  const session = openSession((await startRelay([origin])).port);
  const slow = Array.from({ length: 20 }, () => session.request({ ':path': '/slow', ':authority': 'b' }));
  let begun = 0;
  for (const stream of slow) stream.on('response', () => (begun += 1));
  await eventually('slow responses', () => begun === slow.length);
  const quick = watch(session.request({ ':path': '/', ':authority': 'b' }));
  await eventually('the quick one', () => quick.isClosed);
  expect(quick.body).toBe('quick');
});

test('gives up on an upstream that never reads a request', async () => {
  const origin = await startOrigin(() => undefined);
  const relay = await startRelay([origin], { limits: { idleTimeoutMs: 200 } });
  const stream = openSession(relay.port).request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
  const seen = watch(stream);
  pour(stream);
  await eventually('an answer', () => seen.isClosed);
  expect(seen).toMatchObject({ status: 504, headers: { 'x-lanekeeper-error': 'response-timeout' } });
  await eventually('end', () => relay.handler.exchanges[0]?.ends.length === 1);
});

test('memory does not grow with what is carried', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    pour(stream);
    stream.resume();
  });
  const session = openSession((await startRelay([origin])).port);
  const round = async (): Promise<void> => {
    const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
    let size = 0;
    stream.on('data', (chunk: Buffer) => (size += chunk.length));
    pour(stream);
    await eventually('all of it', () => size === TOTAL, 15_000);
  };
  await round();
  const before = liveBytes();
  await round();
  await round();
  expect(liveBytes() - before).toBeLessThan(40 * 1024 * 1024);
});

/** What is held and not merely uncollected: the resident size also tells how much room the collector took, which varies. */
function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
