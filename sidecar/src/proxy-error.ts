/**
 * Every way in which the proxy itself ends a request. The code is stable: hops, logs, metrics and tests use it.
 * `http` and `grpc` are what the client gets; `closes`: the downstream HTTP/1 connection is not reused.
 */
export const PROXY_ERRORS = {
  'malformed-request': { http: 400, grpc: 13, closes: true, source: 'downstream' },
  'ambiguous-authority': { http: 400, grpc: 13, closes: true, source: 'downstream' },
  'ambiguous-tag': { http: 400, grpc: 3, closes: false, source: 'downstream' },
  'head-too-large': { http: 431, grpc: 8, closes: true, source: 'downstream' },
  'unsupported-framing': { http: 501, grpc: 12, closes: true, source: 'downstream' },
  'head-timeout': { http: 408, grpc: 4, closes: true, source: 'downstream' },
  'too-many-connections': { http: 503, grpc: 8, closes: true, source: 'local' },
  'downstream-closed': { http: 499, grpc: 1, closes: true, source: 'downstream' },
  'no-route': { http: 404, grpc: 12, closes: false, source: 'local' },
  'unsafe-path': { http: 400, grpc: 3, closes: false, source: 'downstream' },
  'forbidden-client': { http: 403, grpc: 7, closes: false, source: 'downstream' },
  misdirected: { http: 421, grpc: 14, closes: false, source: 'downstream' },
  'body-too-large': { http: 413, grpc: 8, closes: true, source: 'downstream' },
  'no-backend': { http: 500, grpc: 14, closes: false, source: 'local' },
  'no-endpoint': { http: 503, grpc: 14, closes: false, source: 'local' },
  'lane-ambiguous': { http: 503, grpc: 14, closes: false, source: 'local' },
  'wrong-lane': { http: 503, grpc: 14, closes: false, source: 'local' },
  loop: { http: 508, grpc: 14, closes: false, source: 'local' },
  draining: { http: 503, grpc: 14, closes: true, source: 'local' },
  internal: { http: 500, grpc: 13, closes: true, source: 'local' },
  'unknown-destination': { http: 502, grpc: 14, closes: false, source: 'upstream' },
  'connect-failed': { http: 502, grpc: 14, closes: false, source: 'upstream' },
  'connect-timeout': { http: 504, grpc: 14, closes: false, source: 'upstream' },
  'upstream-reset': { http: 502, grpc: 14, closes: false, source: 'upstream' },
  'upstream-refused': { http: 503, grpc: 14, closes: false, source: 'upstream' },
  'upstream-malformed': { http: 502, grpc: 13, closes: false, source: 'upstream' },
  'upstream-truncated': { http: 502, grpc: 14, closes: true, source: 'upstream' },
  'request-timeout': { http: 504, grpc: 4, closes: true, source: 'upstream' },
  'response-timeout': { http: 504, grpc: 4, closes: false, source: 'upstream' },
} as const satisfies Record<string, ErrorRow>;

interface ErrorRow {
  readonly http: number;
  readonly grpc: number;
  readonly closes: boolean;
  readonly source: 'downstream' | 'upstream' | 'local';
}

export type ProxyErrorCode = keyof typeof PROXY_ERRORS;

/** Thrown or handed on by drivers and decisions. The message says what was expected and what to do; it may reach the client. */
export class ProxyError extends Error {
  readonly code: ProxyErrorCode;
  /** Whether another endpoint may be tried: nothing of the request was consumed upstream. Fixed where it is thrown. */
  readonly retryable: boolean;

  constructor(
    code: ProxyErrorCode,
    message: string,
    options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProxyError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}
