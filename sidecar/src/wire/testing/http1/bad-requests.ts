import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { exchangeRaw, rawClient } from '../raw-client.ts';
import { rawUpstream, replying } from '../raw-upstream.ts';
import { startDriver, type CreateDriver } from '../start-driver.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const H = 'Host: b\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n';

/** Title, status or statuses, bytes up to the point where a following request would begin. */
const BAD: readonly (readonly [string, string, string])[] = [
  [
    'both lengths',
    '400',
    `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'both lengths, the other way round',
    '400',
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  ],
  ['two equal lengths', '400', `POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
  [
    'two different lengths',
    '400',
    `POST / HTTP/1.1\r\n${H}Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello`,
  ],
  ['a list of lengths', '400', `POST / HTTP/1.1\r\n${H}Content-Length: 5, 5\r\n\r\nhello`],
  ['a signed length', '400', `POST / HTTP/1.1\r\n${H}Content-Length: +5\r\n\r\nhello`],
  ['a negative length', '400', `POST / HTTP/1.1\r\n${H}Content-Length: -1\r\n\r\n`],
  ['a hexadecimal length', '400', `POST / HTTP/1.1\r\n${H}Content-Length: 0x5\r\n\r\nhello`],
  ['an empty length', '400', `POST / HTTP/1.1\r\n${H}Content-Length: \r\n\r\n`],
  ['a huge length', '400', `POST / HTTP/1.1\r\n${H}Content-Length: 99999999999999999999\r\n\r\n`],
  ['a length with a space in it', '400', `POST / HTTP/1.1\r\n${H}Content-Length: 1 2\r\n\r\nx`],
  [
    'an unknown transfer-coding',
    '501',
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['chunked twice', '400|501', `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  [
    'chunked twice in two fields',
    '400|501',
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunked with a parameter',
    '400|501',
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n`,
  ],
  ['chunked not last', '400', `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['identity', '400|501', `POST / HTTP/1.1\r\n${H}Transfer-Encoding: identity\r\n\r\n`],
  ['an obscure chunked', '400', `POST / HTTP/1.1\r\n${H}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  [
    'transfer-encoding in HTTP/1.0',
    '400',
    `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['bare LF in the head', '400', `GET / HTTP/1.1\n${H}\r\n`],
  ['bare LF after a field', '400', `GET / HTTP/1.1\r\n${H}X-A: 1\nX-B: 2\r\n\r\n`],
  ['bare LF at the end of the head', '400', `GET / HTTP/1.1\r\nHost: b\r\n\n`],
  ['bare CR in a value', '400', `GET / HTTP/1.1\r\n${H}X-A: 1\rX-B: 2\r\n\r\n`],
  ['obs-fold', '400', `GET / HTTP/1.1\r\n${H}X-A: 1\r\n folded\r\n\r\n`],
  ['obs-fold before the first field', '400', `GET / HTTP/1.1\r\n ${H}\r\n`],
  ['a space in a name', '400', `GET / HTTP/1.1\r\n${H}X A: 1\r\n\r\n`],
  ['a space before the colon', '400', `GET / HTTP/1.1\r\n${H}X-A : 1\r\n\r\n`],
  ['a field without a name', '400', `GET / HTTP/1.1\r\n${H}: 1\r\n\r\n`],
  ['a field without a colon', '400', `GET / HTTP/1.1\r\n${H}X-A\r\n\r\n`],
  ['NUL in a value', '400', `GET / HTTP/1.1\r\n${H}X-A: a\0b\r\n\r\n`],
  ['NUL in a name', '400', `GET / HTTP/1.1\r\n${H}X\0A: 1\r\n\r\n`],
  ['NUL in the target', '400', `GET /\0 HTTP/1.1\r\n${H}\r\n`],
  ['a control character in a value', '400', `GET / HTTP/1.1\r\n${H}X-A: a\x01b\r\n\r\n`],
  ['no host', '400', 'GET / HTTP/1.1\r\nX-A: 1\r\n\r\n'],
  ['an empty host', '400', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['two hosts', '400', `GET / HTTP/1.1\r\n${H}Host: c\r\n\r\n`],
  ['two equal hosts', '400', `GET / HTTP/1.1\r\n${H}${H}\r\n`],
  ['two hosts in HTTP/1.0', '400', `GET / HTTP/1.0\r\n${H}hOST: c\r\n\r\n`],
  ['a list of hosts', '400', 'GET / HTTP/1.1\r\nHost: b, c\r\n\r\n'],
  ['a host with a path', '400', 'GET / HTTP/1.1\r\nHost: b/c\r\n\r\n'],
  ['a host with user information', '400', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n'],
  ['a host with a bad port', '400', 'GET / HTTP/1.1\r\nHost: b:x\r\n\r\n'],
  ['a target with another host', '400', `GET http://c/ HTTP/1.1\r\n${H}\r\n`],
  ['a target with an empty host', '400', `GET http:/// HTTP/1.1\r\n${H}\r\n`],
  ['a target with user information', '400', `GET http://b@c/ HTTP/1.1\r\nHost: c\r\n\r\n`],
  ['a target of another scheme', '400', `GET ftp://b/ HTTP/1.1\r\n${H}\r\n`],
  ['a target that is no path', '400', `GET x HTTP/1.1\r\n${H}\r\n`],
  ['an asterisk with GET', '400', `GET * HTTP/1.1\r\n${H}\r\n`],
  ['a fragment in the target', '400', `GET /a#b HTTP/1.1\r\n${H}\r\n`],
  ['bytes beyond ASCII in the target', '400', `GET /\xe9 HTTP/1.1\r\n${H}\r\n`],
  ['a space in the target', '400', `GET /a b HTTP/1.1\r\n${H}\r\n`],
  ['an unknown method', '400', `BREW / HTTP/1.1\r\n${H}\r\n`],
  ['a method in lower case', '400', `get / HTTP/1.1\r\n${H}\r\n`],
  ['HTTP/1.2', '400', `GET / HTTP/1.2\r\n${H}\r\n`],
  ['HTTP/0.9', '400', 'GET /\r\n'],
  ['HTTP/2.0', '400', `GET / HTTP/2.0\r\n${H}\r\n`],
  ['CONNECT without a port', '400', `CONNECT b HTTP/1.1\r\n${H}\r\n`],
  ['CONNECT with a path', '400', `CONNECT b:1/x HTTP/1.1\r\n${H}\r\n`],
  ['an oversize field', '431', `GET / HTTP/1.1\r\n${H}X-A: ${'a'.repeat(70_000)}\r\n\r\n`],
  ['an oversize target', '431', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n${H}\r\n`],
  ['too many fields', '431', `GET / HTTP/1.1\r\n${H}${'a:\r\n'.repeat(2_001)}\r\n`],
];

/** Bodies whose framing breaks after a good head. */
const BAD_BODIES: readonly (readonly [string, string])[] = [
  ['a chunk size that is no number', 'xyz\r\nhello\r\n0\r\n\r\n'],
  ['a signed chunk size', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a chunk size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a huge chunk size', 'ffffffffffffffffff\r\nhello\r\n0\r\n\r\n'],
  ['a chunk longer than its size', '3\r\nhello\r\n0\r\n\r\n'],
  ['bare LF after a chunk size', '5\nhello\r\n0\r\n\r\n'],
  ['bare LF after a chunk', '5\r\nhello\n0\r\n\r\n'],
  ['bare LF after the last chunk', '5\r\nhello\r\n0\n\n'],
  ['a huge chunk extension', `5;${'e'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`],
  ['a bare CR in a chunk extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
  ['a bad trailer field', '5\r\nhello\r\n0\r\nX A: 1\r\n\r\n'],
  ['a folded trailer field', '5\r\nhello\r\n0\r\nX-A: 1\r\n 2\r\n\r\n'],
];

/** What becomes of bytes that are no HTTP, or HTTP that can be read in two ways, for any HTTP/1 driver. */
export function badRequestsPromises(create: CreateDriver): void {
  test.each(BAD)('%s: %s, closed, and nothing reaches the upstream', async (_, status, bytes) => {
    const upstream = await rawUpstream(replying(OK));
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const { text, wasReset } = await exchangeRaw(port, bytes + SMUGGLED);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 (?:${status}) [^]*\r\nconnection: close\r\n\r\n`));
    expect(text.match(/HTTP\/1\.1 \d{3} /g), 'one response').toHaveLength(1);
    expect(wasReset).toBe(false);
    expect(handler.refused).toHaveLength(1);
    expect(text).toContain(`\r\nx-lanekeeper-error: ${handler.refused[0]?.code}\r\n`);
    expect(upstream.connections.map((connection) => connection.received()).join('')).toBe('');
  });

  test.each(BAD)('%s: the same for the second request of a connection', async (_, status, bytes) => {
    const upstream = await rawUpstream(replying(OK));
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write(`GET /first HTTP/1.1\r\nHost: b\r\n\r\n${bytes}${SMUGGLED}`);
    const { text } = await client.closed();
    expect(text).toMatch(
      new RegExp(`^HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 (?:${status}) `),
    );
    expect(upstream.connections.map((connection) => connection.received()).join('')).toMatch(
      /^GET \/first HTTP\/1.1\r\nHost: b\r\n\r\n$/,
    );
  });

  test('bad bytes behind a request, then the end of the client’s side: neither is left without an end', async () => {
    const upstream = await rawUpstream();
    const { port } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write('GET /first HTTP/1.1\r\nHost: b\r\n\r\nBREW / HTTP/1.1\r\nHost: b\r\n\r\n');
    client.end();
    const connection = await upstream.connection();
    await connection.until('\r\n\r\n');
    connection.socket.write(OK);
    expect((await client.closed()).text).toMatch(
      /^HTTP\/1.1 200 OK\r\nContent-Length: 2\r\n(?:Connection: close\r\n\r\nok$|\r\nokHTTP\/1.1 400 )/,
    );
  });

  test.each(BAD_BODIES)('%s: 400, closed, and the upstream never gets a whole request', async (_, body) => {
    const upstream = await rawUpstream();
    const { port, handler } = await startDriver(create, { targets: [upstream.target] });
    const client = rawClient(port);
    client.write(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`);
    const connection = await upstream.connection();
    await connection.until('\r\n\r\n');
    client.write(body + SMUGGLED);
    const { text } = await client.closed();
    expect(text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    await eventually('the upstream connection ends', () => connection.hasEnded());
    expect(connection.received()).not.toMatch(/\r\n0\r\n/);
    expect(connection.received()).not.toContain('smuggled');
    await eventually('the end', () => handler.exchanges[0]?.ends.length);
    expect(handler.exchanges[0]?.ends).toMatchObject([{ status: 400, error: { code: 'malformed-request' } }]);
  });

  describe('two readings of one stream', () => {
    test('a body that looks like a request stays a body', async () => {
      const upstream = await rawUpstream({
        onData: (socket, received) => received.endsWith(SMUGGLED) && socket.write(OK),
      });
      const { port, handler } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write(`GET / HTTP/1.1\r\n${H}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
      await client.until('ok');
      expect(handler.exchanges).toHaveLength(1);
      expect(upstream.connections[0]?.received()).toContain(
        `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
      );
    });

    test('a length in a field that connection names is still sent', async () => {
      const upstream = await rawUpstream({
        onData: (socket, received) => received.endsWith('hello') && socket.write(OK),
      });
      const { port } = await startDriver(create, { targets: [upstream.target] });
      const client = rawClient(port);
      client.write(`POST / HTTP/1.1\r\n${H}Connection: content-length\r\nContent-Length: 5\r\n\r\nhello`);
      await client.until('ok');
      expect(upstream.connections[0]?.received()).toContain('Content-Length: 5\r\n\r\nhello');
    });
  });
}
