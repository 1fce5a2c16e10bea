/**
 * A reading of HTTP/1.1 messages by RFC 9112, strict and on its own, so that it can judge what others make of the same bytes: no
 * bare LF, no folding, one way to frame a body.
 */
export interface Message {
  /** Request: method and target. Response: status code. */
  readonly start: readonly string[];
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

export type Reading =
  | { readonly kind: 'complete'; readonly message: Message; readonly rest: Buffer }
  /** The bytes may go on: `head` where it is whole. */
  | { readonly kind: 'partial'; readonly message: Message | undefined }
  | { readonly kind: 'malformed'; readonly why: string };

type Body =
  | { readonly kind: 'complete'; readonly body: Buffer; readonly rest: Buffer }
  | { readonly kind: 'partial'; readonly body: Buffer }
  | { readonly kind: 'malformed'; readonly why: string };

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.[01]$/;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?$/;
const CHUNK_LINE = /^(0*[0-9a-fA-F]{1,13})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const HEAD_END = '\r\n\r\n';

interface Head {
  readonly start: readonly string[];
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly rest: Buffer;
}

function readHead(bytes: Buffer, line: RegExp): Head | string | undefined {
  const end = bytes.indexOf(HEAD_END);
  const [first = '', ...lines] = bytes.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
  if (end < 0) return undefined;
  const start = line.exec(first);
  if (start === null) return `the start line ${JSON.stringify(first.slice(0, 80))}`;
  const fields = readFields(lines);
  return typeof fields === 'string'
    ? fields
    : { start: start.slice(1), fields, rest: bytes.subarray(end + 4) };
}

function readFields(lines: readonly string[]): ReadonlyMap<string, readonly string[]> | string {
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1);
    if (!TOKEN.test(name) || !VALUE.test(value)) return `the field line ${JSON.stringify(line.slice(0, 80))}`;
    fields.set(name, [...(fields.get(name) ?? []), value.trim()]);
  }
  return fields;
}

/** Empty lines may come before a request (RFC 9112 section 2.2); many take them before a response, too. */
export function withoutBlankLines(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes[at] === 0x0d || bytes[at] === 0x0a) at += 1;
  return bytes.subarray(at);
}

/** The first request of `bytes`. */
export function readRequest(bytes: Buffer): Reading {
  const head = readHead(bytes, REQUEST_LINE);
  if (head === undefined) return { kind: 'partial', message: undefined };
  if (typeof head === 'string') return { kind: 'malformed', why: head };
  if ((head.fields.get('host') ?? []).length > 1) return { kind: 'malformed', why: 'two hosts' };
  const framing = framingOf(head.fields);
  if (typeof framing === 'object') return { kind: 'malformed', why: framing.why };
  return withBody(head, readBody(head.rest, framing === 'none' ? 0 : framing));
}

/** The final response of `bytes` to `method`; `hasEnded`: nothing follows. Interim responses are skipped. */
export function readResponse(bytes: Buffer, method: string, hasEnded: boolean): Reading {
  const head = readHead(withoutBlankLines(bytes), STATUS_LINE);
  if (head === undefined) return { kind: 'partial', message: undefined };
  if (typeof head === 'string') return { kind: 'malformed', why: head };
  const status = Number(head.start[0]);
  if (status < 200 && status !== 101) return readResponse(head.rest, method, hasEnded);
  const framing = framingOf(head.fields);
  if (typeof framing === 'object') return { kind: 'malformed', why: framing.why };
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304)
    return withBody(head, readBody(head.rest, 0));
  if (framing === 'none')
    return withBody(head, {
      kind: hasEnded ? 'complete' : 'partial',
      body: head.rest,
      rest: Buffer.alloc(0),
    });
  return withBody(head, readBody(head.rest, framing));
}

function withBody(head: Head, body: Body): Reading {
  if (body.kind === 'malformed') return body;
  const message: Message = { start: head.start, fields: head.fields, body: body.body };
  return body.kind === 'partial'
    ? { kind: 'partial', message }
    : { kind: 'complete', message, rest: body.rest };
}

function framingOf(
  fields: ReadonlyMap<string, readonly string[]>,
): number | 'chunked' | 'none' | { readonly why: string } {
  const lengths = fields.get('content-length');
  const codings = fields.get('transfer-encoding');
  if (lengths !== undefined && codings !== undefined) return { why: 'length beside coding' };
  if (codings !== undefined)
    return codings.join().toLowerCase() === 'chunked' ? 'chunked' : { why: 'another coding' };
  if (lengths === undefined) return 'none';
  const [length = ''] = lengths;
  return lengths.length === 1 && /^[0-9]+$/.test(length) && Number.isSafeInteger(Number(length))
    ? Number(length)
    : { why: `the length ${lengths.join()}` };
}

function readBody(bytes: Buffer, framing: number | 'chunked'): Body {
  if (framing === 'chunked') return readChunks(bytes);
  if (bytes.length < framing) return { kind: 'partial', body: bytes };
  return { kind: 'complete', body: bytes.subarray(0, framing), rest: bytes.subarray(framing) };
}

function readChunks(bytes: Buffer): Body {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return { kind: 'partial', body: Buffer.concat(parts) };
    const size = CHUNK_LINE.exec(bytes.toString('latin1', at, lineEnd));
    if (size === null)
      return {
        kind: 'malformed',
        why: `the chunk line ${JSON.stringify(bytes.toString('latin1', at, lineEnd).slice(0, 60))}`,
      };
    const length = Number.parseInt(size[1] ?? '', 16);
    at = lineEnd + 2;
    if (length === 0) return readTrailers(bytes, at, Buffer.concat(parts));
    parts.push(bytes.subarray(at, at + length));
    if (bytes.length < at + length + 2) return { kind: 'partial', body: Buffer.concat(parts) };
    at += length + 2;
    if (bytes.toString('latin1', at - 2, at) !== '\r\n')
      return { kind: 'malformed', why: 'no CRLF after a chunk' };
  }
}

function readTrailers(bytes: Buffer, from: number, body: Buffer): Body {
  if (bytes.toString('latin1', from, from + 2) === '\r\n')
    return { kind: 'complete', body, rest: bytes.subarray(from + 2) };
  const end = bytes.indexOf(HEAD_END, from);
  if (end < 0) return { kind: 'partial', body };
  const fields = readFields(bytes.toString('latin1', from, end).split('\r\n'));
  if (typeof fields === 'string') return { kind: 'malformed', why: `a trailer: ${fields}` };
  return { kind: 'complete', body, rest: bytes.subarray(end + 4) };
}
