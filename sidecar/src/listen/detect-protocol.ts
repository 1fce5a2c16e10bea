/** What a client's first bytes say; `more`: they do not say it yet. */
export type Detected = 'http1' | 'http2' | 'tls' | 'tcp' | 'more';

/** RFC 9113 section 3.4. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Longer first lines are not waited for; it also bounds what is held of a connection that is undecided. */
const MAX_LINE_BYTES = 8_192;
const MAX_METHOD_BYTES = 32;
const MAX_LEADING_BLANKS = 16;

/** Methods that are HTTP without a look at the rest of the line, unless that line names another protocol (RTSP, SIP, ICAP). */
const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'],
  ...[
    'PROPFIND',
    'PROPPATCH',
    'MKCOL',
    'COPY',
    'MOVE',
    'LOCK',
    'UNLOCK',
    'REPORT',
    'SEARCH',
    'PURGE',
    'LINK',
    'UNLINK',
  ],
]);

/**
 * Reads the protocol off the first bytes of a connection. Pure; the answer for a longer prefix of the same bytes is the same,
 * or was `more`. Broken HTTP (a bad version, a bare LF, an unknown method) is still HTTP, so that the driver refuses it.
 */
export function detectProtocol(bytes: Uint8Array): Detected {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === 0x16) return detectTls(bytes);
  if (startsPreface(bytes)) return bytes.length < HTTP2_PREFACE.length ? 'more' : 'http2';
  return detectHttp1(bytes);
}

/** A TLS record that holds the start of a ClientHello (RFC 8446 sections 4.1.2 and 5.1). */
function detectTls(bytes: Uint8Array): Detected {
  if (bytes.length > 1 && bytes[1] !== 0x03) return 'tcp';
  if (bytes.length > 2 && (bytes[2] ?? 0) > 0x04) return 'tcp';
  if (bytes.length < 6) return 'more';
  return bytes[5] === 0x01 ? 'tls' : 'tcp';
}

function startsPreface(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, HTTP2_PREFACE.length);
  for (let index = 0; index < length; index += 1) if (bytes[index] !== HTTP2_PREFACE[index]) return false;
  return true;
}

function detectHttp1(bytes: Uint8Array): Detected {
  const start = skipBlanks(bytes);
  if (start > MAX_LEADING_BLANKS) return 'tcp';
  let end = start;
  while (end < bytes.length && isTokenByte(bytes[end] ?? 0) && end - start <= MAX_METHOD_BYTES) end += 1;
  if (end - start > MAX_METHOD_BYTES) return 'tcp';
  if (end === bytes.length) return 'more';
  const method = latin1(bytes, start, end);
  if (METHODS.has(method)) return detectTarget(bytes, end, method);
  // No method known here: HTTP only if the line says so.
  return bytes[end] === 0x20 ? detectByLine(bytes, end, 'tcp') : 'tcp';
}

function detectTarget(bytes: Uint8Array, end: number, method: string): Detected {
  if (bytes[end] !== 0x20) return 'http1';
  const first = bytes[end + 1];
  if (first === undefined) return 'more';
  if (first === SLASH || first === ASTERISK) return 'http1';
  // NATS: CONNECT {"verbose":false}
  if (method === 'CONNECT' && first === OPENING_BRACE) return 'tcp';
  return detectByLine(bytes, end, 'http1');
}

/** Waits for the line's end and looks for a protocol's name and version there; `silent` is the answer where it has none. */
function detectByLine(bytes: Uint8Array, from: number, silent: 'http1' | 'tcp'): Detected {
  const lineEnd = bytes.indexOf(LF, from);
  if (lineEnd < 0 || lineEnd > MAX_LINE_BYTES) return bytes.length > MAX_LINE_BYTES ? silent : 'more';
  const version = / ([A-Z]+)\/[0-9.]*\r?$/.exec(latin1(bytes, from, lineEnd));
  if (version === null) return silent;
  return version[1] === 'HTTP' ? 'http1' : 'tcp';
}

const LF = 0x0a;
const ASTERISK = 0x2a;
const SLASH = 0x2f;
const OPENING_BRACE = 0x7b;

/** Empty lines may precede a request (RFC 9112 section 2.2); other blanks may not, which the driver tells the client. */
function skipBlanks(bytes: Uint8Array): number {
  let index = 0;
  while (index <= MAX_LEADING_BLANKS && isBlank(bytes[index])) index += 1;
  return index;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === LF;
}

/** A `tchar` (RFC 9110 section 5.6.2). */
function isTokenByte(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return isDigit || isLetter || PUNCTUATION.has(byte);
}

const PUNCTUATION: ReadonlySet<number> = new Set(Buffer.from("!#$%&'*+-.^_`|~", 'latin1'));

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
