import type { ClientSessionOptions, ServerSessionOptions, ServerStreamResponseOptions } from 'node:http2';
import type { Limits } from '../../config.ts';

/** Streams that one client may have open on one connection; Envoy's advice for an edge is 100, gRPC clients like more. */
export const MAX_CONCURRENT_STREAMS = 256;
/** Connection window: streams share it, so it is larger than theirs. Stream windows bound what a slow reader can pile up here. */
export const CONNECTION_WINDOW = 1024 * 1024;
const STREAM_WINDOW = 65_535;
/** node:http2 cuts at 128 fields by default; gRPC metadata may have more. The bytes are bounded all the same. */
const MAX_FIELDS = 1_000;
/** Megabytes that nghttp2 may hold for a session: above all stream windows together, so that it never refuses honest load. */
const SESSION_MEMORY_MB = 64;
/** Serialized size beyond which nghttp2 would give up the whole session: out of reach of any head that was let in. */
const MAX_SENT_HEAD = 16 * 1024 * 1024;

/** Options of sessions with clients. */
export function serverOptions(limits: Limits): ServerSessionOptions {
  return {
    maxHeaderListPairs: MAX_FIELDS,
    maxSendHeaderBlockLength: MAX_SENT_HEAD,
    maxSessionMemory: SESSION_MEMORY_MB,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    // nghttp2's own limit is blind to what a stream did before it was reset; the abuse guard judges better, this is the backstop.
    streamResetBurst: 10_000,
    streamResetRate: 1_000,
    strictSingleValueFields: false,
    settings: {
      initialWindowSize: STREAM_WINDOW,
      maxConcurrentStreams: MAX_CONCURRENT_STREAMS,
      maxHeaderListSize: nativeHeadLimit(limits),
    },
  };
}

/** Options of sessions with endpoints. */
export function clientOptions(limits: Limits): ClientSessionOptions {
  const options: ClientSessionOptions & Pick<ServerSessionOptions, 'strictSingleValueFields'> = {
    maxHeaderListPairs: MAX_FIELDS,
    maxSendHeaderBlockLength: MAX_SENT_HEAD,
    maxSessionMemory: SESSION_MEMORY_MB,
    strictSingleValueFields: false,
    settings: {
      enablePush: false,
      initialWindowSize: STREAM_WINDOW,
      maxHeaderListSize: nativeHeadLimit(limits),
    },
  };
  return options;
}

/**
 * Where nghttp2 resets a stream for its head. Twice our own limit, so that a head that is somewhat too large gets a 431 with
 * a reason instead of a bare reset.
 */
function nativeHeadLimit(limits: Limits): number {
  return 2 * limits.maxHeadBytes;
}

/** Options of `respond`: the head goes out as it is, without a `date` of ours. */
export function respondOptions(options: ServerStreamResponseOptions): ServerStreamResponseOptions {
  return Object.assign({ sendDate: false }, options);
}
