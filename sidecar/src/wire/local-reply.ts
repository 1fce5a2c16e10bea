import { HEADERS } from '@lanekeeper/protocol/headers';
import { PROXY_ERRORS, type ProxyError } from '../proxy-error.ts';

/** A response that the proxy itself gives. */
export interface LocalReply {
  readonly status: number;
  /** Lower-case names; complete but for what the protocol version adds (`connection: close` in HTTP/1). */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** US-ASCII or UTF-8; empty where the response may have none. */
  readonly body: string;
  /** The downstream HTTP/1 connection is not to be used again. */
  readonly closes: boolean;
}

/** What the client is told when the proxy ends a request: the code as a header, code and sentence as the body. */
export function localReply(error: ProxyError): LocalReply {
  const row = PROXY_ERRORS[error.code];
  const body = `${error.code}: ${error.message}\n`;
  return {
    status: row.http,
    headers: [
      ['content-type', 'text/plain; charset=utf-8'],
      ['content-length', String(Buffer.byteLength(body))],
      [HEADERS.error, error.code],
    ],
    body,
    closes: row.closes,
  };
}
