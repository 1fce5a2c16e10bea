import type { IncomingMessage, ServerResponse } from 'node:http';
import { giveBack, givingBack } from '../give-back.ts';
import { trailerFields } from './request-body.ts';
import { flushHead } from './flush-head.ts';

export interface ResponseEvents {
  /** The last byte was handed over, trailers included; the response is to be ended. */
  complete(): void;
  truncated(cause: unknown): void;
}

/** Carries the body and the trailers of `upstream` to `response`, whose head was written but maybe not yet sent. */
export function relayResponseBody(
  upstream: IncomingMessage,
  response: ServerResponse,
  events: ResponseEvents,
): void {
  let isSent = false;
  let isPaused = false;
  const resume = (): void => void upstream.resume();
  upstream.on('data', (chunk: Buffer) => {
    isSent = true;
    if (response.write(chunk, givingBack(chunk))) return;
    if (!isPaused) response.on('drain', resume);
    isPaused = true;
    upstream.pause();
  });
  upstream.on('end', () => {
    isSent = true;
    if (!upstream.complete) {
      events.truncated(undefined);
      return;
    }
    try {
      if (response.chunkedEncoding) addTrailers(upstream, response);
    } catch (cause) {
      events.truncated(cause);
      return;
    }
    events.complete();
  });
  upstream.on('error', events.truncated);
  if (isLarge(upstream)) giveReadsBack(upstream);
  // The head waits for bytes that came in the same segment, but not longer.
  process.nextTick(() => {
    if (!isSent) flushHead(response);
  });
}

function addTrailers(upstream: IncomingMessage, response: ServerResponse): void {
  if (upstream.rawTrailers.length === 0) return;
  const trailers = trailerFields(upstream.rawTrailers);
  if (trailers.length > 0) response.addTrailers(trailers);
}

/** Below this a body's reads are left to the garbage collector. */
const LARGE_BODY_BYTES = 256 * 1024;

/** A body of unknown length may be one without end. */
function isLarge({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return length === undefined
    ? headers['transfer-encoding'] !== undefined
    : Number(length) >= LARGE_BODY_BYTES;
}

/**
 * Node's parser copies each piece of the body out of the read that it came in. This listener is behind the parser's, so when it is
 * called the read is of no more use.
 */
function giveReadsBack(upstream: IncomingMessage): void {
  const { socket } = upstream;
  socket.on('data', giveBack);
  upstream.once('close', () => socket.off('data', giveBack));
}
