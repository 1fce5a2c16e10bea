const latin1 = (...lines: readonly string[]): Buffer => Buffer.from(lines.join('\r\n'), 'latin1');

/** A request that must never be taken out of another one's body. */
const INNER = 'GET /inner HTTP/1.1\r\nHost: u\r\n\r\n';

/** Valid connections, as the bytes that a client sends. */
export const HTTP1_SEEDS: readonly Buffer[] = [
  latin1('GET /get?q=1 HTTP/1.1', 'Host: u', 'X-a: 1', 'Accept: */*', '', ''),
  latin1('HEAD /head HTTP/1.1', 'Host: u', '', ''),
  latin1('GET /old HTTP/1.0', '', ''),
  latin1(
    'GET /old-kept HTTP/1.0',
    'Host: u',
    'Connection: keep-alive',
    '',
    'GET /old-next HTTP/1.0',
    'Host: u',
    '',
    '',
  ),
  latin1('POST /length HTTP/1.1', 'Host: u', 'Content-Length: 10', '', '0123456789'),
  latin1('POST /length-inner HTTP/1.1', 'Host: u', `Content-Length: ${INNER.length}`, '', INNER),
  latin1(
    'POST /chunked HTTP/1.1',
    'Host: u',
    'Transfer-Encoding: chunked',
    '',
    '5',
    'hello',
    '6;ext=1',
    ' world',
    '0',
    '',
    '',
  ),
  latin1(
    'POST /chunked-inner HTTP/1.1',
    'Host: u',
    'Transfer-Encoding: chunked',
    '',
    INNER.length.toString(16),
    INNER,
    '0',
    '',
    '',
  ),
  latin1(
    'POST /trailers HTTP/1.1',
    'Host: u',
    'Transfer-Encoding: chunked',
    'Trailer: x-t',
    '',
    '3',
    'abc',
    '0',
    'x-t: 1',
    '',
    '',
  ),
  latin1('PUT /expect HTTP/1.1', 'Host: u', 'Expect: 100-continue', 'Content-Length: 3', '', 'abc'),
  latin1(
    'GET /one HTTP/1.1',
    'Host: u',
    '',
    'POST /two HTTP/1.1',
    'Host: u',
    'Content-Length: 2',
    '',
    'okGET /three HTTP/1.1',
    'Host: u',
    '',
    '',
  ),
  latin1(
    'DELETE /chunked-delete HTTP/1.1',
    'Host: u',
    'Transfer-Encoding: chunked',
    '',
    '3',
    'abc',
    '0',
    '',
    'GET /after HTTP/1.1',
    'Host: u',
    '',
    '',
  ),
  latin1('GET http://u/absolute?x HTTP/1.1', 'Host: u', '', ''),
  latin1('OPTIONS * HTTP/1.1', 'Host: u', '', ''),
  latin1(
    'GET /socket HTTP/1.1',
    'Host: u',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: x',
    '',
    'opaque bytes',
  ),
  latin1(
    'GET /h2c HTTP/1.1',
    'Host: u',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
    '',
    '',
  ),
  latin1('CONNECT u:80 HTTP/1.1', 'Host: u:80', '', INNER),
  latin1(
    'GET /tagged HTTP/1.1',
    'Host: u',
    'baggage: lane=gray;p=1, other=2',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '',
    '',
  ),
];

export function frame(
  type: number,
  flags: number,
  { stream, payload }: { readonly stream: number; readonly payload: Buffer },
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export const literal = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
/** `:method GET`, `:scheme http` by their static index; path and authority as literals. */
/** `:method GET`, `:scheme http`, path and authority, as HPACK. */
export const block = (path: string): Buffer =>
  Buffer.concat([Buffer.from([0x82, 0x86]), literal(':path', path), literal(':authority', 'u')]);
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const NOTHING = Buffer.alloc(0);
const SETTINGS = frame(4, 0, { stream: 0, payload: NOTHING });
const settings = Buffer.concat([PREFACE, SETTINGS, frame(4, 1, { stream: 0, payload: NOTHING })]);
const request = (stream: number, path: string): Buffer => frame(1, 5, { stream, payload: block(path) });

export const HTTP2_SEEDS: readonly Buffer[] = [
  Buffer.concat([settings, request(1, '/h2-get')]),
  Buffer.concat([
    settings,
    request(1, '/h2-one'),
    request(3, '/h2-two'),
    frame(6, 0, { stream: 0, payload: Buffer.alloc(8) }),
  ]),
  Buffer.concat([
    settings,
    frame(1, 4, { stream: 1, payload: block('/h2-post') }),
    frame(0, 0, { stream: 1, payload: Buffer.from('part') }),
    frame(0, 1, { stream: 1, payload: Buffer.from('last') }),
  ]),
  Buffer.concat([
    settings,
    frame(1, 1, { stream: 1, payload: block('/h2-cont') }),
    frame(9, 4, { stream: 1, payload: literal('x-a', '1') }),
  ]),
  Buffer.concat([
    settings,
    request(1, '/h2-reset'),
    frame(3, 0, { stream: 1, payload: Buffer.from([0, 0, 0, 8]) }),
  ]),
  Buffer.concat([
    settings,
    frame(8, 0, { stream: 0, payload: Buffer.from([0, 0, 1, 0]) }),
    request(1, '/h2-window'),
    frame(7, 0, { stream: 0, payload: Buffer.alloc(8) }),
  ]),
];

/** The start of a TLS 1.2 ClientHello: opaque to the proxy. */
export const TLS_SEED = Buffer.concat([
  Buffer.from([0x16, 3, 1, 0, 42, 1, 0, 0, 38, 3, 3]),
  Buffer.alloc(32, 7),
  Buffer.from([0, 0, 2, 0, 0x2f, 1, 0]),
]);

/** What an upstream answers to one request, at its best. `%` stands for a body of ten bytes. */
export const RESPONSE_SEEDS: readonly Buffer[] = [
  latin1('HTTP/1.1 200 OK', 'Content-Length: 10', '', '0123456789'),
  latin1('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '5', 'hello', '6', ' world', '0', '', ''),
  latin1(
    'HTTP/1.1 200 OK',
    'Transfer-Encoding: chunked',
    'Trailer: x-t',
    '',
    '3',
    'abc',
    '0',
    'x-t: 1',
    '',
    '',
  ),
  latin1('HTTP/1.1 200 OK', 'Connection: close', '', 'until the end'),
  latin1('HTTP/1.0 200 OK', '', 'until the end'),
  latin1('HTTP/1.1 204 No Content', '', ''),
  latin1('HTTP/1.1 304 Not Modified', 'ETag: "x"', '', ''),
  latin1(
    'HTTP/1.1 100 Continue',
    '',
    'HTTP/1.1 103 Early Hints',
    'Link: </a>',
    '',
    'HTTP/1.1 200 OK',
    'Content-Length: 2',
    '',
    'ok',
  ),
  latin1('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', '', 'opaque'),
  latin1('HTTP/1.1 413 Too Large', 'Content-Length: 0', 'Connection: close', '', ''),
  latin1(
    'HTTP/1.1 200 OK',
    'Content-Length: 2',
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
    '',
    'okHTTP/1.1 200 OK',
    'Content-Length: 6',
    '',
    'poison',
  ),
];

/** The frames of an HTTP/2 server: SETTINGS, its acknowledgement, `:status 200`, a body. */
export const HTTP2_RESPONSE_SEEDS: readonly Buffer[] = [
  Buffer.concat([
    SETTINGS,
    frame(4, 1, { stream: 0, payload: NOTHING }),
    frame(1, 4, { stream: 1, payload: Buffer.from([0x88]) }),
    frame(0, 1, { stream: 1, payload: Buffer.from('body') }),
  ]),
  Buffer.concat([
    SETTINGS,
    frame(1, 5, { stream: 1, payload: Buffer.from([0x88]) }),
    frame(7, 0, { stream: 0, payload: Buffer.alloc(8) }),
  ]),
];
