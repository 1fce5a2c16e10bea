import { constants, type Http2Stream, type ServerHttp2Stream } from 'node:http2';

/**
 * Calls `reached` when the peer has ended its half of `stream` with END_STREAM. The event `end` cannot tell: node:http2 emits it
 * for RST_STREAM(NO_ERROR) and for a lost connection too, and a truncated message would pass for a whole one. What does tell is
 * that the end of data is pushed while the stream is not closed yet.
 */
export function onEndOfStream(stream: Http2Stream, reached: () => void): void {
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && !stream.closed) reached();
    return push(chunk, encoding);
  };
}

/** Whether END_STREAM came in the same read as the head, before anybody could listen for it. */
export function isHalfClosed(stream: ServerHttp2Stream): boolean {
  return stream.state.state === constants.NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE;
}

/** How long a client may hold its window shut before a response that is written whole. */
const UNREAD_MS = 5_000;

/**
 * Tells a client whose response is written that the rest of its request is not wanted: RST_STREAM(NO_ERROR), RFC 9113 section
 * 8.1. Not now: within a read of the same connection nghttp2 would throw away the response that is still queued.
 */
export function refuseRest(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    stream.close();
    if (stream.destroyed) return;
    const timer = setTimeout(() => stream.destroy(), UNREAD_MS).unref();
    stream.once('close', () => clearTimeout(timer));
  });
}
