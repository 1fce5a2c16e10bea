import { type ClientHttp2Stream, constants } from 'node:http2';
import { ProxyError } from '../../proxy-error.ts';
import type { UpstreamSession } from './upstream-session.ts';

/** What an upstream stream's early end means for the request. */
export type UpstreamFailure =
  /** The peer did not process it: it may be sent again, on another connection or to another endpoint. */
  | { readonly kind: 'disowned' | 'refused'; readonly error: ProxyError }
  /** The peer reset it: the client gets the same code. */
  | { readonly kind: 'reset'; readonly error: ProxyError; readonly code: number }
  /** The connection broke, or the peer broke the protocol: the client gets our own error. */
  | { readonly kind: 'broken'; readonly error: ProxyError };

/** Reads the end of `stream`, which was closed before its response was complete. `isReplayable`: the request can be sent again. */
export function readFailure(
  session: UpstreamSession,
  stream: ClientHttp2Stream,
  isReplayable: boolean,
): UpstreamFailure {
  const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
  if (session.disowned(stream))
    return { kind: 'disowned', error: refused('went away before it took the request', isReplayable) };
  if (code === constants.NGHTTP2_REFUSED_STREAM)
    return { kind: 'refused', error: refused('refused the stream', isReplayable) };
  if (session.isLost)
    return {
      kind: 'broken',
      error: new ProxyError('upstream-reset', 'the connection to the upstream broke'),
    };
  if (code === constants.NGHTTP2_NO_ERROR)
    return {
      kind: 'broken',
      error: new ProxyError('upstream-truncated', 'the upstream gave the stream up before its end'),
    };
  if (isViolation(code))
    return {
      kind: 'broken',
      error: new ProxyError('upstream-malformed', `the upstream's message broke HTTP/2 (code ${code})`),
    };
  return {
    kind: 'reset',
    error: new ProxyError('upstream-reset', `the upstream reset the stream with code ${code}`),
    code,
  };
}

function refused(what: string, isReplayable: boolean): ProxyError {
  const advice = isReplayable ? '' : '; its body is too large to be sent again';
  return new ProxyError('upstream-refused', `the upstream ${what}${advice}`, { retryable: isReplayable });
}

/**
 * Codes that speak of the bytes on the connection to the peer; to pass them on would accuse the client. Asked for when they are
 * needed: node:http2 is loaded with the first connection that speaks it.
 */
function isViolation(code: number): boolean {
  return (
    code === constants.NGHTTP2_PROTOCOL_ERROR ||
    code === constants.NGHTTP2_FLOW_CONTROL_ERROR ||
    code === constants.NGHTTP2_FRAME_SIZE_ERROR ||
    code === constants.NGHTTP2_COMPRESSION_ERROR
  );
}
