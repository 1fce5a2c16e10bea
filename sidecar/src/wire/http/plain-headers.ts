import type { HeaderEdit } from '../head.ts';
import { isReplaced } from '../header-edits.ts';
import type { PlainRequest } from '../plain-request.ts';
import type { OutgoingHeaders } from './request-headers.ts';

/** Methods whose requests say that they have no body (RFC 9110 section 8.6). */
const EXPECT_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Left out: who sends the request sets them on it, for http-proxy-3 mishandles both. */
const SET_LATER: ReadonlySet<string> = new Set(['expect', 'trailer']);

/** The head of a request in HTTP/1. A body whose length is unknown goes as chunks. */
export function http1Headers(request: PlainRequest, edits: readonly HeaderEdit[]): OutgoingHeaders {
  const out: OutgoingHeaders = Object.create(null);
  const spellings = new Map<string, string>([['host', 'host']]);
  const add = (name: string, value: string): void => {
    const lower = name.toLowerCase();
    const spelling = spellings.get(lower) ?? name;
    spellings.set(lower, spelling);
    append(out, spelling, value);
  };
  if (request.authority !== '' && !isReplaced('host', edits)) out['host'] = request.authority;
  for (let at = 0; at < request.fields.length; at += 2) {
    const name = request.fields[at] ?? '';
    const lower = name.toLowerCase();
    if (!SET_LATER.has(lower) && !isReplaced(lower, edits)) add(name, request.fields[at + 1] ?? '');
  }
  for (const { name, value } of edits) if (value !== null) add(name, value);
  if (spellings.has('te')) out['connection'] = 'TE';
  if (!spellings.has('content-length')) Object.assign(out, framing(request));
  return out;
}

function framing({ isEmpty, method }: PlainRequest): OutgoingHeaders {
  if (!isEmpty) return { 'transfer-encoding': 'chunked' };
  return EXPECT_BODY.has(method) ? { 'content-length': '0' } : {};
}

/** Cookies that came apart are one field in HTTP/1 (RFC 9113 section 8.2.3). */
function append(out: OutgoingHeaders, name: string, value: string): void {
  const before = out[name];
  if (before === undefined) out[name] = value;
  else if (name.toLowerCase() === 'cookie') out[name] = `${String(before)}; ${value}`;
  else if (Array.isArray(before)) before.push(value);
  else out[name] = [before, value];
}
