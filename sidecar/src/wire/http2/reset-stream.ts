import type { Http2Stream } from 'node:http2';

/**
 * Resets `stream` with an error code of RFC 9113 section 7, once the read of its connection that we may be in is over: within
 * one, node:http2 ends the stream, destroys it and then asks the destroyed stream for its trailers, which aborts the whole process
 * (seen on Node 22 and 26). Until then its end cannot be sent, so that nobody takes what was sent for the whole.
 */
export function resetStream(stream: Http2Stream, code: number): void {
  stream.removeAllListeners('wantTrailers');
  stream.on('wantTrailers', withhold);
  setImmediate(() => stream.close(code));
}

/** Without a listener node:http2 sends empty trailers by itself. */
function withhold(): void {}
