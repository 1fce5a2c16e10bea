import type { ClientRequest, IncomingMessage } from 'node:http';
import { isAllowedInTrailers } from '../hop-by-hop.ts';
import { givingBack } from '../give-back.ts';
import { flushHead } from './flush-head.ts';

/** Whether a message that has been checked announces a body. */
export function announcesBody(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  return length !== undefined && Number(length) > 0;
}

/** Some of the body has not come yet. */
export function isBodyPending(request: IncomingMessage): boolean {
  return !request.complete && announcesBody(request);
}

export interface BodyEvents {
  /** Some of it came; false: it is not to be sent. */
  readonly chunk?: ((bytes: Buffer) => boolean) | undefined;
  /** The last byte is handed over. */
  readonly sent: () => void;
  /** The trailers cannot be sent. */
  readonly spoiled: (cause: unknown) => void;
}

/**
 * Sends the head now and the body once the upstream is connected, so that nothing of it is consumed when that fails. */
export function sendBody(request: IncomingMessage, upstream: ClientRequest, events: BodyEvents): void {
  flushHead(upstream);
  whenConnected(upstream, () => pump(request, upstream, events));
}

export function whenConnected(upstream: ClientRequest, connected: () => void): void {
  upstream.on('socket', (socket) => {
    if (socket.connecting) socket.once('connect', connected);
    else connected();
  });
}

function pump(request: IncomingMessage, upstream: ClientRequest, events: BodyEvents): void {
  request.on('data', (chunk: Buffer) => {
    if (events.chunk?.(chunk) === false || upstream.destroyed) return;
    if (!upstream.write(chunk, givingBack(chunk))) request.pause();
  });
  upstream.on('drain', () => request.resume());
  request.on('end', () => {
    if (upstream.destroyed) return;
    try {
      const trailers = trailerFields(request.rawTrailers);
      if (trailers.length > 0) upstream.addTrailers(trailers);
      upstream.end(events.sent);
    } catch (cause) {
      events.spoiled(cause);
    }
  });
}

/** Trailer fields that may be forwarded, as pairs, in order. */
export function trailerFields(raw: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (isAllowedInTrailers(name.toLowerCase())) fields.push([name, raw[at + 1] ?? '']);
  }
  return fields;
}
