import { ProxyError } from '../../proxy-error.ts';

const CONNECT_STAGE: ReadonlySet<string> = new Set(['connect', 'getaddrinfo', 'bind']);

/** What went wrong with an upstream before the head of its final response was complete. */
export function upstreamError(cause: unknown): ProxyError {
  const { code = '', syscall = '' } = errnoOf(cause);
  if (code === 'ECONNECT_TIMEOUT' || (code === 'ETIMEDOUT' && syscall === 'connect')) {
    return new ProxyError('connect-timeout', 'The upstream did not accept the connection in time.', {
      retryable: true,
      cause,
    });
  }
  if (CONNECT_STAGE.has(syscall) || code === 'ECONNREFUSED') {
    return new ProxyError('connect-failed', `The upstream could not be connected to (${code}).`, {
      retryable: true,
      cause,
    });
  }
  if (code.startsWith('HPE_')) {
    return new ProxyError('upstream-malformed', `The upstream's response is not valid HTTP/1 (${code}).`, {
      cause,
    });
  }
  return new ProxyError('upstream-reset', 'The upstream closed the connection before it answered.', {
    cause,
  });
}

function errnoOf(cause: unknown): NodeJS.ErrnoException {
  return cause instanceof Error ? cause : new Error(String(cause));
}
