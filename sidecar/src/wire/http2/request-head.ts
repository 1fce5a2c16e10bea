import type { Limits } from '../../config.ts';
import { ProxyError } from '../../proxy-error.ts';
import type { HeaderReader, RequestHead } from '../head.ts';
import { fieldsSize, fieldValue, type RawFields } from './fields.ts';

/** A host name, an address in brackets, perhaps a port (RFC 3986 section 3.2.2 and 3.2.3); no userinfo. */
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9\-._~!$&'()*+,;=%]+)(?::[0-9]{0,5})?$/;
/** Visible ASCII and obs-text: no space, no control (RFC 9112 section 3). */
const PATH = /^[!-~\x80-\xff]+$/;

/**
 * Checks what node:http2 leaves open and makes the neutral head. Names, connection-specific fields, repeated pseudo-headers and
 * repeated `host` are refused by nghttp2 before this (RFC 9113 section 8.1.1: a stream error).
 */
export function readRequestHead(fields: RawFields, limits: Limits): RequestHead | ProxyError {
  if (fieldsSize(fields) > limits.maxHeadBytes)
    return new ProxyError(
      'head-too-large',
      `the header list is over ${limits.maxHeadBytes} bytes; send fewer or shorter fields`,
    );
  const method = fieldValue(fields, ':method') ?? '';
  if (method === 'CONNECT')
    return new ProxyError(
      'unsupported-framing',
      'CONNECT is not supported over HTTP/2; open tunnels over HTTP/1.1',
    );
  const authority = readAuthority(fields);
  if (authority instanceof ProxyError) return authority;
  const path = fieldValue(fields, ':path') ?? '';
  if (!PATH.test(path))
    return new ProxyError('malformed-request', ':path has characters that no URI may have');
  return { protocol: 'h2', method, authority, path, headers: reader(fields) };
}

function readAuthority(fields: RawFields): string | ProxyError {
  const authority = fieldValue(fields, ':authority')?.toLowerCase();
  const host = fieldValue(fields, 'host')?.toLowerCase();
  if (authority !== undefined && host !== undefined && authority !== host)
    return new ProxyError(
      'ambiguous-authority',
      ':authority and host name different servers; send one, or both alike',
    );
  const only = authority ?? host ?? '';
  if (!AUTHORITY.test(only))
    return new ProxyError('ambiguous-authority', ':authority is not one host name or address with a port');
  return only;
}

function reader(fields: RawFields): HeaderReader {
  return { get: (name) => fieldValue(fields, name) };
}
