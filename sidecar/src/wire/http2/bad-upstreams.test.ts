import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startDriver } from '../testing/start-driver.ts';
import { createHttp2Driver } from './http2-driver.ts';
import { get, openSession } from './testing/h2-peers.ts';
import { type Field, FRAMES, frame, headers } from './testing/raw-frames.ts';
import { scripted } from './testing/scripted-upstream.ts';

const answer =
  (fields: readonly Field[], options = {}) =>
  (stream: number) =>
    headers(stream, fields, options);

test.each<[string, (stream: number) => Buffer, string]>([
  ['a status that is none', answer([[':status', '600']]), 'upstream-malformed'],
  ['no status', answer([['x', '1']]), 'upstream-malformed'],
  [
    'a connection header',
    answer([
      [':status', '200'],
      ['connection', 'close'],
    ]),
    'upstream-malformed',
  ],
  [
    'more than it announced',
    (stream) =>
      Buffer.concat([
        headers(
          stream,
          [
            [':status', '200'],
            ['content-length', '1'],
          ],
          { endStream: false },
        ),
        frame(FRAMES.data, 1, stream, Buffer.alloc(9)),
      ]),
    '',
  ],
  [
    'less than it announced',
    (stream) =>
      Buffer.concat([
        headers(
          stream,
          [
            [':status', '200'],
            ['content-length', '9'],
          ],
          { endStream: false },
        ),
        frame(FRAMES.data, 1, stream, Buffer.alloc(1)),
      ]),
    '',
  ],
  ['DATA before a head', (stream) => frame(FRAMES.data, 1, stream, Buffer.alloc(9)), 'upstream'],
  [
    'trailers that do not end',
    (stream) =>
      Buffer.concat([
        headers(stream, [[':status', '200']], { endStream: false }),
        headers(stream, [['x', '1']], { endStream: false }),
      ]),
    '',
  ],
  [
    'endless interim responses',
    (stream) =>
      Buffer.concat(
        Array.from({ length: 500 }, () => headers(stream, [[':status', '103']], { endStream: false })),
      ),
    'upstream-malformed',
  ],
  ['a frame over the size limit', () => frame(FRAMES.data, 0, 1, Buffer.alloc(20_000)), 'upstream-reset'],
  [
    'no HTTP/2 any more',
    () => Buffer.from('HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n'),
    'upstream-reset',
  ],
])('turns a malformed response into an error or a reset, never a success: %s', async (_name, reply, code) => {
  const upstream = await scripted((socket, stream) => {
    socket.write(reply(stream));
  });
  const relay = await startDriver(createHttp2Driver, { targets: [upstream.target] });
  const seen = await get(openSession(relay.port));
  const isClean = seen.status === 200 && seen.stream.rstCode === 0;
  expect(isClean).toBe(false);
  await eventually('end', () => relay.handler.exchanges[0]?.ends.length === 1);
  const error = relay.handler.exchanges[0]?.ends[0]?.error;
  expect(error?.code).toMatch(/^upstream-/);
  if (code !== '') expect(error?.code).toContain(code);
});

test('gives up an endpoint that breaks HTTP/2 after its GOAWAY, and the requests that it had', async () => {
  const upstream = await scripted((socket, stream) => {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(stream, 0);
    socket.write(Buffer.concat([frame(FRAMES.goaway, 0, 0, payload), Buffer.alloc(11, 0xff)]));
  });
  const relay = await startDriver(createHttp2Driver, {
    targets: [upstream.target],
    limits: { idleTimeoutMs: 100, headTimeoutMs: 100 },
  });
  const seen = await get(openSession(relay.port));
  expect(seen).toMatchObject({ status: 502, headers: { 'x-lanekeeper-error': 'upstream-reset' } });
});
