import type { IncomingMessage } from 'node:http';
import type { Connection } from '../../listen/connection.ts';
import { ProxyError } from '../../proxy-error.ts';
import type { HeaderReader, RequestHead } from '../head.ts';
import { isAuthority, sameAuthority } from './authority.ts';

/** More fields than this in one head are refused; Node's own limit would cut the rest off in silence. */
export const MAX_FIELDS = 2_000;

/** Visible ASCII and obs-text, no fragment: what may stand in a request-target. */
const BAD_TARGET = /[^\x21\x22\x24-\x7e\x80-\xff]/;
const ABSOLUTE_HTTP = /^http:\/\//i;

/** A request's head and how its target is to be written upstream. */
export interface CheckedHead {
  readonly head: RequestHead;
  /** The request-target for the upstream, byte for byte what came, except that an explicit proxy's absolute form loses its origin. */
  readonly target: string;
  /** Some field occurs more than once. */
  readonly hasRepeats: boolean;
}

class NodeHeaders implements HeaderReader {
  readonly #headers: IncomingMessage['headers'];

  constructor(headers: IncomingMessage['headers']) {
    this.#headers = headers;
  }

  get(name: string): string | undefined {
    // The object is a plain one: `constructor` and `__proto__` are names of fields, too, and nothing else here.
    const value: unknown = this.#headers[name];
    if (typeof value === 'string') return value;
    return Array.isArray(value) ? value.join(', ') : undefined;
  }
}

/**
 * Reads once what decides route and framing, and refuses what can be read in two ways (RFC 9112 sections 3.2 and 6.3). Node's strict
 * parser has refused the rest: `content-length` beside `transfer-encoding`, repeated or signed lengths, bad characters.
 * @throws ProxyError
 */
export function readRequestHead(request: IncomingMessage, connection: Connection): CheckedHead {
  const { headers, rawHeaders, method = '', url = '' } = request;
  if (rawHeaders.length > 2 * MAX_FIELDS) {
    throw new ProxyError('head-too-large', `The request has more than ${MAX_FIELDS} header fields.`);
  }
  const hasRepeats = rawHeaders.length !== 2 * Object.keys(headers).length;
  const isHttp10 = request.httpVersionMinor === 0;
  checkVersionAndFraming(request, isHttp10);
  if (hasRepeats) checkRepeats(rawHeaders);
  const host = readHost(headers.host, isHttp10);
  const target = readTarget(method, url, host);
  const keepsForm = connection.destination !== undefined || method === 'CONNECT';
  return {
    head: {
      protocol: isHttp10 ? 'http/1.0' : 'http/1.1',
      method,
      authority: target.authority,
      path: target.path,
      headers: new NodeHeaders(headers),
    },
    target: keepsForm ? url : target.path,
    hasRepeats,
  };
}

function checkVersionAndFraming(request: IncomingMessage, isHttp10: boolean): void {
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor > 1) {
    throw malformed(`HTTP/${request.httpVersion} is not spoken here; use HTTP/1.1 or HTTP/1.0.`);
  }
  const coding = request.headers['transfer-encoding'];
  if (coding === undefined) return;
  if (isHttp10) throw malformed('An HTTP/1.0 request must not have transfer-encoding.');
  if (coding.toLowerCase() !== 'chunked') {
    throw new ProxyError('unsupported-framing', 'The only transfer-coding understood here is "chunked".');
  }
}

/** A field that may stand only once and decides route or framing. */
function checkRepeats(rawHeaders: readonly string[]): void {
  let hosts = 0;
  let lengths = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase();
    if (name === 'host') hosts += 1;
    if (name === 'content-length') lengths += 1;
  }
  if (hosts > 1) throw ambiguous('The request has more than one host field.');
  if (lengths > 1) throw malformed('The request has more than one content-length field.');
}

function readHost(value: string | undefined, isHttp10: boolean): string | undefined {
  if (value === undefined) {
    if (isHttp10) return undefined;
    throw malformed('An HTTP/1.1 request needs a host field.');
  }
  const host = value.toLowerCase();
  if (!isAuthority(host))
    throw malformed('The host field must be a host name or address, optionally with a port.');
  return host;
}

interface Target {
  readonly authority: string;
  readonly path: string;
}

function readTarget(method: string, url: string, host: string | undefined): Target {
  if (method === 'CONNECT') return { authority: agreed(url.toLowerCase(), undefined), path: '' };
  if (BAD_TARGET.test(url)) throw malformed('The request-target has characters that are not allowed there.');
  if (url.startsWith('/') || (url === '*' && method === 'OPTIONS'))
    return { authority: host ?? '', path: url };
  if (!ABSOLUTE_HTTP.test(url)) {
    throw malformed('The request-target must be a path, or an absolute URL that starts with "http://".');
  }
  const end = endOfAuthority(url);
  const rest = url.slice(end);
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { authority: agreed(url.slice('http://'.length, end).toLowerCase(), host), path };
}

function endOfAuthority(url: string): number {
  for (let at = 'http://'.length; at < url.length; at += 1) {
    if (url[at] === '/' || url[at] === '?') return at;
  }
  return url.length;
}

/** The authority of a target, which replaces the host field (RFC 9112 section 3.2.2); one that contradicts it is an attack. */
function agreed(authority: string, host: string | undefined): string {
  if (!isAuthority(authority)) throw malformed('The request-target names no valid host.');
  if (host !== undefined && !sameAuthority(authority, host)) {
    throw ambiguous('The host field and the request-target name different hosts.');
  }
  return authority;
}

function malformed(message: string): ProxyError {
  return new ProxyError('malformed-request', message);
}

function ambiguous(message: string): ProxyError {
  return new ProxyError('ambiguous-authority', message);
}
