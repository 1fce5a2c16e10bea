import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { rawClient } from '../raw-client.ts';
import { rawUpstream } from '../raw-upstream.ts';
import { startDriver, type CreateDriver } from '../start-driver.ts';

/** What the upstream sends before it ends its side, and the code that the client reads. */
const BAD_HEADS: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'upstream-reset'],
  ['half a status line', 'HTTP/1.1 20', 'upstream-reset|upstream-malformed'],
  ['half a head', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n', 'upstream-reset|upstream-malformed'],
  ['no HTTP', '220 mail.example.com ESMTP\r\n', 'upstream-malformed'],
  ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n', 'upstream-malformed'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'upstream-malformed'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', 'upstream-malformed'],
  ['status 000', 'HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n', 'upstream-malformed'],
  [
    'a control character in the reason',
    'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n',
    'upstream-malformed',
  ],
  [
    'both lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'upstream-malformed',
  ],
  [
    'both lengths, the other way round',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
    'upstream-malformed',
  ],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'upstream-malformed',
  ],
  ['a signed length', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello', 'upstream-malformed'],
  [
    'a huge length',
    'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello',
    'upstream-malformed',
  ],
  [
    'an unknown transfer-coding',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'upstream-malformed',
  ],
  [
    'chunked not last',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    'upstream-malformed',
  ],
  ['bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'upstream-malformed'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n', 'upstream-malformed'],
  ['NUL in a value', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n', 'upstream-malformed'],
  [
    'a control character in a value',
    'HTTP/1.1 200 OK\r\nX-A: a\x02b\r\nContent-Length: 0\r\n\r\n',
    'upstream-malformed',
  ],
  ['obs-fold', 'HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 0\r\n\r\n', 'upstream-malformed'],
  ['an oversize head', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`, 'upstream-malformed'],
  [
    'too many fields',
    `HTTP/1.1 200 OK\r\n${'a:\r\n'.repeat(2_001)}Content-Length: 0\r\n\r\n`,
    'upstream-malformed',
  ],
  [
    '101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes',
    'upstream-malformed',
  ],
  ['101 without upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\nbytes', 'upstream-malformed'],
  [
    'interim responses without end',
    'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n'.repeat(1_000),
    'upstream-malformed',
  ],
  [
    'an interim response with a framing',
    'HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: gzip\r\n\r\n',
    'upstream-malformed',
  ],
  ['an interim response and no final one', 'HTTP/1.1 102 Processing\r\n\r\n', 'upstream-reset'],
];

/** What the upstream sends before it goes, after a head that was good. */
const BAD_BODIES: readonly (readonly [string, string, 'end' | 'reset'])[] = [
  ['a body shorter than its length', 'Content-Length: 10\r\n\r\nhello', 'end'],
  ['a length and no body', 'Content-Length: 10\r\n\r\n', 'end'],
  ['chunks without the last one', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'end'],
  ['a last chunk without the end', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n', 'end'],
  ['trailers without the end', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1\r\n', 'end'],
  ['half a chunk', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhel', 'end'],
  ['a chunk size that is no number', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n', 'end'],
  ['a chunk longer than its size', 'Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n', 'end'],
  ['a huge chunk size', 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello', 'end'],
  ['a bad trailer field', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX A: 1\r\n\r\n', 'end'],
  ['a reset in a body with a length', 'Content-Length: 10\r\n\r\nhello', 'reset'],
  ['a reset in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 'reset'],
  ['a reset where the end of the connection is the end', '\r\nhello', 'reset'],
];

/** What becomes of upstreams that break the rules, for any HTTP/1 driver. */
export function badResponsesPromises(create: CreateDriver): void {
  test.each(BAD_HEADS)('%s: 502 with its reason', async (_, bytes, code) => {
    const upstream = await rawUpstream({ onData: (socket) => void socket.end(bytes, 'latin1') });
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n');
    const text = await client.until('x-lanekeeper-error: ');
    expect(text).toMatch(/^(HTTP\/1.1 10\d [^]*?\r\n\r\n)*HTTP\/1.1 502 Bad Gateway\r\n/);
    expect(text).not.toContain('200 OK');
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toHaveLength(1);
    expect(handler.exchanges[0]?.ends[0]?.error?.code).toMatch(new RegExp(`^(?:${code})$`));
    expect(handler.exchanges[0]?.responded).toEqual([]);
    expect(text).toContain(`x-lanekeeper-error: ${handler.exchanges[0]?.ends[0]?.error?.code}\r\n`);
  });

  test.each(BAD_BODIES)('%s: the client never sees a complete response', async (_, bytes, way) => {
    const upstream = await rawUpstream();
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    for (const version of ['1.1', '1.0']) {
      const client = rawClient(port);
      client.write(`GET / HTTP/${version}\r\nHost: b\r\n\r\n`);
      const { socket } = await upstream.connection(version === '1.1' ? 0 : 1);
      const text = `HTTP/1.1 200 OK\r\n${bytes}`;
      socket.write(text.slice(0, text.indexOf('\r\n\r\n') + 4));
      await client.until('\r\n\r\n');
      socket.write(text.slice(text.indexOf('\r\n\r\n') + 4));
      if (way === 'end') socket.end();
      else {
        if (bytes.includes('hello')) await client.until('hello');
        socket.resetAndDestroy();
      }
      const { wasReset, text: received } = await client.closed();
      expect(wasReset).toBe(true);
      expect(received).not.toMatch(/\r\n0\r\n/);
    }
    await eventually('both ends', () => handler.exchanges[1]?.ends.length);
    for (const { ends } of handler.exchanges) {
      expect(ends).toMatchObject([{ status: 200, error: { code: 'upstream-truncated' } }]);
    }
  });

  test.each(BAD_BODIES.filter(([, , way]) => way === 'end'))(
    '%s, in one piece with the head: never two responses to one request',
    async (_, bytes) => {
      const upstream = await rawUpstream({
        onData: (socket) => void socket.end(`HTTP/1.1 200 OK\r\n${bytes}`),
      });
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
      const { text } = await client.closed();
      expect((text.match(/HTTP\/1\.1 \d{3} /g) ?? []).length).toBeLessThan(2);
      expect(text).not.toMatch(/200 OK[^]*\r\n0\r\n/);
      await eventually('the end', () => handler.exchanges[0]?.ends.length);
      expect(handler.exchanges[0]?.ends).toMatchObject([{ error: { code: 'upstream-truncated' } }]);
    },
  );

  describe('bytes that nobody asked for', () => {
    test.each([
      ['in one piece with the response', true],
      ['later, on the idle connection', false],
    ])('are never read as the answer to the next request: %s', async (_, atOnce) => {
      const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
      const STRAY = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray';
      const upstream = await rawUpstream({
        onData: (socket) => void socket.write(atOnce ? OK + STRAY : OK),
      });
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write('GET /1 HTTP/1.1\r\nHost: b\r\n\r\n');
      await client.until('ok');
      const connection = await upstream.connection();
      if (!atOnce) connection.socket.write(STRAY);
      await eventually('the upstream connection ends', () => connection.hasEnded());
      client.write('GET /2 HTTP/1.1\r\nHost: b\r\n\r\n');
      await eventually('the second response', () => client.received() === OK + OK);
      expect(upstream.connections).toHaveLength(2);
    });
  });

  test('a connection that the upstream ended is not used again, not even in the same moment', async () => {
    const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const upstream = await rawUpstream({ onData: (socket) => void socket.end(OK) });
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    for (let count = 1; count <= 50; count += 1) {
      client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n');
      await eventually(`response ${count}`, () => client.received().length === count * OK.length);
    }
    expect(client.received()).toBe(OK.repeat(50));
  });

  test('an upstream that answers and goes in the middle of an upload is heard', async () => {
    const upstream = await rawUpstream({
      onData: (socket) => {
        socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
        socket.pause();
      },
    });
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 60000000\r\n\r\n');
    client.write('x'.repeat(60_000_000));
    expect((await client.closed()).text).toMatch(/^HTTP\/1.1 413 Too Large\r\n[^]*big$/);
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toEqual([{ status: 413 }]);
  });

  test('an upstream that answers and resets the connection in the middle of an upload is heard too', async () => {
    const upstream = await rawUpstream({
      onData: (socket) => {
        socket.pause();
        socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nwho', () => socket.destroy());
      },
    });
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 60000000\r\n\r\n');
    client.write('x'.repeat(60_000_000));
    expect((await client.closed()).text).toMatch(/^HTTP\/1.1 401 Unauthorized\r\n[^]*who$/);
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toEqual([{ status: 401 }]);
  });

  test('a connection that the upstream announced to close is not used again', async () => {
    const upstream = await rawUpstream({
      onData: (socket) =>
        void socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'),
    });
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('POST /1 HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n');
    await client.until('ok');
    client.write('POST /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n');
    await eventually('the second response', () => client.received().split('200 OK').length === 3);
    expect(upstream.connections).toHaveLength(2);
    expect(client.received()).not.toContain('close');
  });
}
