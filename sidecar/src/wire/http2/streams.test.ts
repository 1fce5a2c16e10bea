import { constants, sensitiveHeaders } from 'node:http2';
import { expect, test } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { finished, get, openSession, startOrigin, startRelay, watch } from './testing/h2-peers.ts';

/** Without it node:http2 ends a stream cleanly before it resets it. */
const WITHOUT_END = { waitForTrailers: true };

/** The fields of a raw block that were sent on purpose. */
function named(raw: readonly string[], prefix: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (name.startsWith(prefix)) pairs.push([name, raw[at + 1] ?? '']);
  }
  return pairs;
}

test('carries heads, bodies and trailers both ways: repeated fields in order, cookies apart, bytes as they are', async () => {
  let received: readonly string[] = [];
  let requestTrailers: readonly string[] = [];
  const origin = await startOrigin((stream, _headers, raw) => {
    received = raw;
    const chunks: Buffer[] = [];
    stream.on('trailers', (_trailers, _flags, rawTrailers: string[]) => (requestTrailers = rawTrailers));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond([':status', '201', 'x-a', '1', 'set-cookie', 'p=1', 'x-a', '2', 'set-cookie', 'q=2'], {
        waitForTrailers: true,
      });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': ['3', '4'] }));
      stream.end(Buffer.concat(chunks));
    });
  });
  const relay = await startRelay([origin]);
  const stream = openSession(relay.port).request(
    [':method', 'POST', ':path', '/p?q=1', ':authority', 'B:80', ':scheme', 'http']
      .concat(['x-a', '1', 'cookie', 'p=1', 'x-b', '\xe9\xff', 'x-a', '2', 'cookie', 'q=2'])
      .concat(['baggage', 'lane=gray', 'te', 'trailers']),
    { endStream: false, waitForTrailers: true },
  );
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
  stream.end('hello');
  const seen = await finished(stream);
  expect(named(received, 'x-')).toEqual([
    ['x-a', '1'],
    ['x-b', '\xe9\xff'],
    ['x-a', '2'],
  ]);
  expect(named(received, 'cookie')).toEqual([
    ['cookie', 'p=1'],
    ['cookie', 'q=2'],
  ]);
  expect(named(received, ':')).toEqual(
    expect.arrayContaining([
      [':authority', 'B:80'],
      [':path', '/p?q=1'],
    ]),
  );
  expect(named(received, 'te')).toEqual([['te', 'trailers']]);
  expect(requestTrailers).toEqual(['x-end', 'yes']);
  expect(seen).toMatchObject({ status: 201, body: 'hello', trailers: ['x-sum', '3', 'x-sum', '4'] });
  expect(named(seen.head, 'x-a').concat(named(seen.head, 'set-cookie'))).toEqual([
    ['x-a', '1'],
    ['x-a', '2'],
    ['set-cookie', 'p=1'],
    ['set-cookie', 'q=2'],
  ]);
  const [exchange] = relay.handler.exchanges;
  expect(exchange?.head).toMatchObject({ protocol: 'h2', method: 'POST', authority: 'b:80', path: '/p?q=1' });
  expect(exchange?.head.headers.get('x-a')).toBe('1, 2');
  expect(exchange?.head.headers.get('cookie')).toBe('p=1; q=2');
  expect(exchange).toMatchObject({ responded: [201], ends: [{ status: 201 }] });
});

test('applies the edits of the exchange to both heads and keeps never-indexed fields so', async () => {
  let sensitive: unknown;
  let received: readonly string[] = [];
  const origin = await startOrigin((stream, headers, raw) => {
    received = raw;
    sensitive = Reflect.get(headers, sensitiveHeaders);
    stream.respond({ ':status': 200, 'x-inner': 'secret', 'x-token': 't', [sensitiveHeaders]: ['x-token'] });
    stream.end();
  });
  const relay = await startRelay([origin], {
    requestEdits: [
      { name: 'baggage', value: 'lane=gray' },
      { name: 'x-drop', value: null },
    ],
    responseEdits: [
      { name: 'x-inner', value: null },
      { name: 'x-lanekeeper-decision', value: 'gray' },
    ],
  });
  const seen = await get(openSession(relay.port), {
    baggage: ['lane=old', 'other=1'],
    'x-drop': ['1', '2'],
    authorization: 'Bearer x',
    [sensitiveHeaders]: ['authorization'],
  });
  expect(named(received, 'baggage')).toEqual([['baggage', 'lane=gray']]);
  expect(named(received, 'x-drop')).toEqual([]);
  expect(sensitive).toEqual(['authorization']);
  expect(seen.headers).toMatchObject({ 'x-lanekeeper-decision': 'gray', 'x-token': 't' });
  expect(seen.headers).not.toHaveProperty('x-inner');
  expect(Reflect.get(seen.headers, sensitiveHeaders)).toEqual(['x-token']);
});

test('adds a field beside those that are there where the edit says so', async () => {
  let received: readonly string[] = [];
  const origin = await startOrigin((stream, _headers, raw) => {
    received = raw;
    stream.respond({ ':status': 200, 'set-cookie': ['a=1'] }, { endStream: true });
  });
  const relay = await startRelay([origin], {
    requestEdits: [{ name: 'x-more', value: '2', append: true }],
    responseEdits: [{ name: 'set-cookie', value: 'b=2', append: true }],
  });
  const seen = await get(openSession(relay.port), { 'x-more': '1' });
  expect(named(received, 'x-more')).toEqual([
    ['x-more', '1'],
    ['x-more', '2'],
  ]);
  expect(seen.headers['set-cookie']).toEqual(['a=1', 'b=2']);
});

test('passes interim responses, HEAD, 204 and empty DATA frames', async () => {
  const origin = await startOrigin((stream, headers) => {
    if (headers[':path'] === '/hints') stream.additionalHeaders({ ':status': 103, link: ['</a>', '</b>'] });
    if (headers[':method'] === 'HEAD') stream.respond({ ':status': 200, 'content-length': 5 });
    else if (headers[':path'] === '/204') stream.respond({ ':status': 204 });
    else {
      stream.respond({ ':status': 200 });
      stream.write('');
      stream.end('done');
    }
    stream.end();
  });
  const session = openSession((await startRelay([origin])).port);
  const hints = await get(session, { ':path': '/hints', expect: '100-continue' });
  expect(hints.informational).toEqual([[':status', '103', 'link', '</a>', 'link', '</b>']]);
  expect(hints.body).toBe('done');
  const head = await get(session, { ':method': 'HEAD' });
  expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '5' } });
  expect(await get(session, { ':path': '/204' })).toMatchObject({ status: 204, body: '' });
});

test('lets a response finish before the request does, then stops the upload without an error', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 413 });
    stream.end('too much');
  });
  const relay = await startRelay([origin]);
  const stream = openSession(relay.port).request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
  stream.write('some');
  const seen = await finished(stream);
  expect(seen).toMatchObject({ status: 413, body: 'too much' });
  expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  expect(relay.handler.exchanges[0]?.ends).toEqual([{ status: 413 }]);
});

test('keeps a half-closed request open for a response that takes its time', async () => {
  const origin = await startOrigin((stream) => {
    stream.respond({ ':status': 200 });
    stream.on('data', (chunk: Buffer) => stream.write(chunk));
    stream.on('end', () => setImmediate(() => stream.end(' after the end')));
  });
  const stream = openSession((await startRelay([origin])).port).request({
    ':method': 'POST',
    ':path': '/',
    ':authority': 'b',
  });
  const seen = watch(stream);
  stream.write('one');
  await eventually('echo', () => seen.body === 'one');
  stream.end('two');
  await eventually('end', () => seen.isClosed);
  expect(seen.body).toBe('onetwo after the end');
});

test.each([constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_ENHANCE_YOUR_CALM])(
  'hands reset code %i on in both directions',
  async (code) => {
    const codes: (number | undefined)[] = [];
    const origin = await startOrigin((stream, headers) => {
      stream.on('close', () => codes.push(stream.rstCode));
      if (headers[':path'] === '/before') return stream.close(code);
      stream.respond({ ':status': 200 }, WITHOUT_END);
      stream.write('part');
      if (headers[':path'] === '/during') setImmediate(() => stream.close(code));
    });
    const relay = await startRelay([origin]);
    const session = openSession(relay.port);
    expect((await get(session, { ':path': '/before' })).stream.rstCode).toBe(code);
    const during = await get(session, { ':path': '/during' });
    expect(during.stream.rstCode).toBe(code);
    const stream = session.request({ ':path': '/client', ':authority': 'b' });
    const seen = watch(stream);
    await eventually('part of the response', () => seen.body === 'part');
    stream.close(code);
    await eventually('reset at the origin', () => codes.length === 3);
    expect(codes[2]).toBe(code);
    await eventually('three ends', () => relay.handler.exchanges.every((one) => one.ends.length === 1));
    const errors = relay.handler.exchanges.map((one) => one.ends[0]?.error?.code);
    expect(errors).toEqual(['upstream-reset', 'upstream-reset', 'downstream-closed']);
  },
);

test.each(['connection lost', 'reset with NO_ERROR'])(
  'never ends a truncated response cleanly: %s',
  async (how) => {
    const origin = await startOrigin((stream) => {
      stream.respond({ ':status': 200 }, WITHOUT_END);
      stream.write('half of', () => {
        if (how === 'connection lost') origin.sockets[0]?.destroy();
        else stream.close(constants.NGHTTP2_NO_ERROR);
      });
    });
    const relay = await startRelay([origin]);
    const seen = await get(openSession(relay.port));
    expect(seen.status).toBe(200);
    expect(seen.stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    const code = how === 'connection lost' ? 'upstream-reset' : 'upstream-truncated';
    expect(relay.handler.exchanges[0]?.ends).toMatchObject([{ status: 200, error: { code } }]);
  },
);

test('never ends a truncated request cleanly', async () => {
  let arrived = false;
  let ended = false;
  let code: number | undefined;
  const origin = await startOrigin((stream) => {
    stream.on('data', () => (arrived = true));
    stream.on('end', () => (ended = stream.rstCode === constants.NGHTTP2_NO_ERROR));
    stream.on('close', () => (code = stream.rstCode));
  });
  const relay = await startRelay([origin]);
  const session = openSession(relay.port);
  const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': 'b' });
  stream.on('error', () => undefined);
  stream.write('half');
  await eventually('body at the origin', () => arrived);
  session.destroy();
  await eventually('reset at the origin', () => code !== undefined);
  expect(code).toBe(constants.NGHTTP2_CANCEL);
  expect(ended).toBe(false);
});
