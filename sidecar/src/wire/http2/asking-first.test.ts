import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { finished, get, openSession, startOrigin, startRelay, watch } from './testing/h2-peers.ts';

/** A relay whose question is answered by the test. */
async function startAsking(...origins: Parameters<typeof startRelay>[0]) {
  const answers: (() => void)[] = [];
  const relay = await startRelay(origins, {
    prepare: () => new Promise((resolve) => void answers.push(resolve)),
  });
  return { ...relay, answers };
}

test('carries head, body and trailers that came while the destination was asked for', async () => {
  let trailers: readonly string[] = [];
  const origin = await startOrigin((stream) => {
    const chunks: Buffer[] = [];
    stream.on('trailers', (_headers, _flags, raw: string[]) => (trailers = raw));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.concat(chunks));
    });
  });
  const { port, answers } = await startAsking(origin);
  const session = openSession(port);
  const fields = { ':method': 'POST', ':path': '/', ':authority': 'b' };
  const stream = session.request(fields, { endStream: false, waitForTrailers: true });
  const seen = finished(stream);
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
  stream.end('hello');
  await eventually('the question', () => answers.length === 1);
  await new Promise((resolve) => session.ping(resolve));
  answers[0]?.();
  expect(await seen).toMatchObject({ status: 200, body: 'hello' });
  expect(trailers).toEqual(['x-end', 'yes']);
});

test('a stream that was reset while its destination was asked for begins nothing, and others go on', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.end();
  });
  const { port, answers, handler } = await startAsking(origin);
  const session = openSession(port);
  const gone = watch(session.request({ ':authority': 'b', ':path': '/gone' }));
  const next = get(session, { ':path': '/next' });
  await eventually('both questions', () => answers.length === 2);
  gone.stream.close(8);
  await new Promise((resolve) => session.ping(resolve));
  for (const answer of answers) answer();
  expect((await next).status).toBe(200);
  expect(handler.exchanges.map(({ head }) => head.path)).toEqual(['/next']);
});
