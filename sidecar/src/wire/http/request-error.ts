import { ProxyError, type ProxyErrorCode } from '../../proxy-error.ts';

const CODES: Readonly<Record<string, readonly [ProxyErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['head-too-large', 'The request head is larger than is accepted here.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [
    'malformed-request',
    'The chunk extensions are larger than is accepted here.',
  ],
  HPE_INVALID_EOF_STATE: ['malformed-request', 'The request ended before it was complete.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['head-timeout', 'The request head did not come in time.'],
};

/** What a client's bytes did wrong, as Node's parser reports it; undefined when it is the connection that failed. */
export function requestError(cause: NodeJS.ErrnoException): ProxyError | undefined {
  const code = cause.code ?? '';
  const known = CODES[code];
  if (known !== undefined) return new ProxyError(known[0], known[1], { cause });
  if (!code.startsWith('HPE_')) return undefined;
  return new ProxyError('malformed-request', `The request is not valid HTTP/1 (${code}).`, { cause });
}
