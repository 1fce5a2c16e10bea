/** What the first bytes of a TLS connection say (RFC 8446 section 4.1.2, RFC 6066 section 3). */
export type ClientHello =
  | { readonly kind: 'more' }
  | { readonly kind: 'invalid'; readonly message: string }
  /** Lower-case; undefined: no name was sent. */
  | { readonly kind: 'hello'; readonly serverName: string | undefined };

/** A ClientHello with keys of the largest algorithms has some 3 KB; more than this is none. */
const MAX_BYTES = 32 * 1024;
const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const HOST = /^[a-z0-9](?:[a-z0-9_.-]{0,252})$/;

const MORE: ClientHello = { kind: 'more' };

/** Reads the server name, and no more: the handshake itself is OpenSSL's, which checks everything again. Pure. */
export function readClientHello(bytes: Buffer): ClientHello {
  const message = handshakeBytes(bytes);
  if (message === undefined) return invalid('the connection does not begin with a TLS handshake');
  if (message.length > 0 && message[0] !== CLIENT_HELLO)
    return invalid('the handshake does not begin with a ClientHello');
  if (message.length < HANDSHAKE_HEADER) return MORE;
  const length = message.readUIntBE(1, 3);
  if (length > MAX_BYTES) return invalid('the ClientHello is larger than is accepted here');
  if (message.length < HANDSHAKE_HEADER + length) return MORE;
  const fields = new Fields(message.subarray(HANDSHAKE_HEADER, HANDSHAKE_HEADER + length));
  try {
    return { kind: 'hello', serverName: readServerName(fields) };
  } catch (cause) {
    return invalid(cause instanceof Error ? cause.message : String(cause));
  }
}

/** The payload of the handshake records so far; a message may be spread over several. Undefined: these are none. */
function handshakeBytes(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE_RECORD) return at === 0 ? undefined : Buffer.concat(parts);
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return undefined;
    if (at + RECORD_HEADER > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    // RFC 8446 section 5.1: not empty, at most 2^14 bytes.
    if (length === 0 || length > 16_384) return undefined;
    parts.push(bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length));
    at += RECORD_HEADER + length;
  }
  return Buffer.concat(parts);
}

/** Reads lengths and what they announce; throws where the bytes do not suffice. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error('the ClientHello ends in the middle of a field');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  number(bytes: 1 | 2): number {
    return this.take(bytes).readUIntBE(0, bytes);
  }

  vector(lengthBytes: 1 | 2): Buffer {
    return this.take(this.number(lengthBytes));
  }
}

function readServerName(hello: Fields): string | undefined {
  // Version, random, session id, cipher suites, compression methods.
  hello.take(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.isAtEnd) return undefined;
  const extensions = new Fields(hello.vector(2));
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type === SERVER_NAME) return hostName(new Fields(new Fields(data).vector(2)));
  }
  return undefined;
}

function hostName(names: Fields): string | undefined {
  while (!names.isAtEnd) {
    const type = names.number(1);
    const name = names.vector(2);
    if (type !== HOST_NAME) continue;
    const text = name.toString('latin1').toLowerCase();
    if (!HOST.test(text)) throw new Error('the server name is no host name');
    return text;
  }
  return undefined;
}

function invalid(message: string): ClientHello {
  return { kind: 'invalid', message };
}
