import type { HeaderEdit } from '../head.ts';
import { isReplaced } from '../header-edits.ts';
import { hasToken, isHopByHop, nominatedFields } from '../hop-by-hop.ts';
import { ProxyError } from '../../proxy-error.ts';
import { MAX_FIELDS } from './request-head.ts';

/** The part of a response that its head is made from. */
export interface ReceivedHead {
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface ResponseHeadOptions {
  readonly edits: readonly HeaderEdit[];
  /** The client understands chunks: HTTP/1.1. */
  readonly allowsChunks: boolean;
  /** `connection: close` is added. */
  readonly closes: boolean;
}

/**
 * The fields to send downstream, flat as in `rawHeaders`: repeated ones, their case and order kept.
 * @throws ProxyError when the upstream's framing is not one that has one reading
 */
export function responseHeaders(response: ReceivedHead, options: ResponseHeadOptions): string[] {
  const { rawHeaders, statusCode = 0 } = response;
  const isChunked = checkFraming(response);
  const sendsChunks = isChunked && options.allowsChunks && statusCode !== 204 && statusCode !== 304;
  const nominated = nominatedFields(textOf(response.headers['connection']));
  const out: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const lower = name.toLowerCase();
    if (isHopByHop(lower, nominated) || isReplaced(lower, options.edits)) continue;
    if (lower === 'trailer' && !sendsChunks) continue;
    out.push(name, rawHeaders[at + 1] ?? '');
  }
  if (sendsChunks) out.push('Transfer-Encoding', 'chunked');
  for (const edit of options.edits) if (edit.value !== null) out.push(edit.name, edit.value);
  if (options.closes) out.push('Connection', 'close');
  return out;
}

const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer']);

/** The same fields for a response that says it has no body. */
export function bodilessHeaders(fields: readonly string[]): string[] {
  const out: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!FRAMING.has(name.toLowerCase())) out.push(name, fields[at + 1] ?? '');
  }
  return [...out, 'Content-Length', '0'];
}

function checkFraming(response: ReceivedHead): boolean {
  if (response.httpVersionMajor !== 1) throw malformed('The upstream does not answer in HTTP/1.');
  if (response.rawHeaders.length > 2 * MAX_FIELDS) {
    throw malformed(`The upstream's response has more than ${MAX_FIELDS} header fields.`);
  }
  const coding = textOf(response.headers['transfer-encoding']);
  if (coding === undefined) return false;
  if (response.httpVersionMinor === 0) throw malformed('The upstream uses transfer-encoding in HTTP/1.0.');
  if (coding.toLowerCase() !== 'chunked') {
    throw malformed('The upstream uses a transfer-coding other than "chunked".');
  }
  if (response.headers['content-length'] !== undefined) {
    throw malformed("The upstream's response has both content-length and transfer-encoding.");
  }
  return true;
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}

function malformed(message: string): ProxyError {
  return new ProxyError('upstream-malformed', message);
}

/** The fields of a response that changes the protocol: as they came, `connection` and `upgrade` included. */
export function switchHeaders(response: ReceivedHead, edits: readonly HeaderEdit[]): string[] {
  const out: string[] = [];
  for (let at = 0; at < response.rawHeaders.length; at += 2) {
    const name = response.rawHeaders[at] ?? '';
    if (!isReplaced(name.toLowerCase(), edits)) out.push(name, response.rawHeaders[at + 1] ?? '');
  }
  for (const edit of edits) if (edit.value !== null) out.push(edit.name, edit.value);
  return out;
}

/** Anything that may not stand in a reason phrase (RFC 9112 section 4). */
const BAD_REASON = /[^\t\x20-\x7e\x80-\xff]/;

/** A head as it goes on the wire, for what does not pass through Node's response: 1xx, and an answer to a broken message. */
export function headText(status: number, reason: string, fields: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${BAD_REASON.test(reason) ? '' : reason}\r\n`;
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`;
  return `${text}\r\n`;
}

/** Whether a response to an upgrade request chose one of the protocols that were asked for. */
export function choosesOffered(response: ReceivedHead, offered: string | undefined): boolean {
  const chosen = textOf(response.headers['upgrade']);
  return (
    chosen !== undefined &&
    chosen.split(',').every((protocol) => hasToken(offered, protocol.trim().toLowerCase()))
  );
}
