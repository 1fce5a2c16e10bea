import { isAuthority } from '../http/authority.ts';
import { MAX_FIELDS } from '../http/request-head.ts';
import type { RequestHead } from '../head.ts';
import { CLASSES, SPACE, TARGET, textOf } from './bytes.ts';
import { FieldTable, namesByLength } from './field-table.ts';

/** `other`: a request, or none, that is for the slow driver to read. */
export type Reading = 'more' | 'other' | 'plain';

/** How the body after a head ends. */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((name) => ({
  name,
  bytes: Buffer.from(`${name} `, 'latin1'),
}));
/** Fields that decide something; those that {@link RequestReader} does not read make a request one for the slow driver. */
const JUDGED = namesByLength([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection'],
  ...['te', 'expect', 'upgrade', 'trailer', 'http2-settings'],
]);

const VERSION = Buffer.from('HTTP/1.1\r\n', 'latin1');

/**
 * Reads heads of requests in a strict, plain form of HTTP/1.1 (RFC 9112): origin-form, one host, one framing, nothing that asks for more
 * than a response. Whatever else comes is `other`, right or wrong: the slow driver knows. One object a connection.
 */
export class RequestReader {
  readonly fields = new FieldTable(MAX_FIELDS);
  method = '';
  path = '';
  authority = '';
  framing: Framing = 'none';
  /** Of the body, in bytes, with framing `length`. */
  length = 0;
  /** The client leaves the connection open. */
  isKeptAlive = true;
  /** The position after the head. */
  end = 0;
  /** Fields that stay on this connection; few. */
  readonly dropped: number[] = [];
  #hasHost = false;

  read(bytes: Buffer): Reading {
    const fieldsAt = this.#readLine(bytes);
    if (typeof fieldsAt === 'string') return fieldsAt;
    const end = this.fields.scan(bytes, fieldsAt);
    if (typeof end === 'string') return end === 'more' ? 'more' : 'other';
    this.end = end;
    return this.#judgeFields() ? 'plain' : 'other';
  }

  head(): RequestHead {
    const { method, authority, path, fields } = this;
    return { protocol: 'http/1.1', method, authority, path, headers: fields };
  }

  /** Where the fields begin. */
  #readLine(bytes: Buffer): number | 'more' | 'other' {
    const method = METHODS.find((one) => startsWith(bytes, one.bytes, 0));
    if (method === undefined) return 'other';
    const start = method.bytes.length;
    if (bytes[start] !== 0x2f) return bytes.length === start ? 'more' : 'other';
    let at = start + 1;
    while (((CLASSES[bytes[at] as number] as number) & TARGET) !== 0) at += 1;
    if (at + 1 + VERSION.length > bytes.length)
      return bytes.length - at > 0 && bytes[at] !== SPACE ? 'other' : 'more';
    if (bytes[at] !== SPACE || !startsWith(bytes, VERSION, at + 1)) return 'other';
    this.method = method.name;
    this.path = textOf(bytes, start, at);
    return at + 1 + VERSION.length;
  }

  /** Whether all that decides route and framing is plain. */
  #judgeFields(): boolean {
    const { fields } = this;
    this.dropped.length = 0;
    this.framing = 'none';
    this.length = 0;
    this.isKeptAlive = true;
    this.#hasHost = false;
    for (let field = 0; field < fields.count; field += 1) {
      const name = fields.nameAmong(field, JUDGED);
      if (name !== undefined && !this.#judge(name, field)) return false;
    }
    return this.#hasHost;
  }

  #judge(name: string, field: number): boolean {
    switch (name) {
      case 'host':
        return this.#readHost(field);
      case 'content-length':
        return this.#readLength(field);
      case 'transfer-encoding':
        return this.#readCoding(field);
      case 'connection':
        return this.#readConnection(field);
      case 'keep-alive':
      case 'proxy-connection':
        this.dropped.push(field);
        return true;
      default:
        return false;
    }
  }

  #readHost(field: number): boolean {
    if (this.#hasHost) return false;
    this.#hasHost = true;
    if (this.authority !== '' && this.fields.isValue(field, this.authority)) return true;
    const host = this.fields.value(field).toLowerCase();
    if (!isAuthority(host)) return false;
    this.authority = host;
    return true;
  }

  #readConnection(field: number): boolean {
    this.dropped.push(field);
    if (this.fields.isValue(field, 'keep-alive')) return true;
    this.isKeptAlive = false;
    return this.fields.isValue(field, 'close');
  }

  #readLength(field: number): boolean {
    if (this.framing !== 'none') return false;
    this.framing = 'length';
    this.length = this.fields.length(field);
    return this.length >= 0;
  }

  #readCoding(field: number): boolean {
    if (this.framing !== 'none') return false;
    this.framing = 'chunked';
    return this.fields.isValue(field, 'chunked');
  }
}

function startsWith(bytes: Uint8Array, text: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text[index]) return false;
  return true;
}
