import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Limits } from '../../config.ts';
import { ProxyError } from '../../proxy-error.ts';
import { createAbuseGuard } from './abuse-guard.ts';
import type { RawFields } from './fields.ts';
import { watchQuiet } from './quiet-watch.ts';
import { CONNECTION_WINDOW, serverOptions } from './session-options.ts';

/** A request as it comes off a client's connection. */
export interface IncomingStream {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly fields: RawFields;
  /** END_STREAM came with the head. */
  readonly isEmpty: boolean;
}

export interface DownstreamSessionOptions {
  readonly socket: Socket;
  readonly limits: Limits;
  readonly request: (incoming: IncomingStream) => void;
  /** The connection broke HTTP/2 or was cut for what it did. */
  readonly malformed: (error: ProxyError) => void;
  readonly closed: () => void;
}

/** One client's h2c connection. */
export interface DownstreamSession {
  /** Announces the end, takes what is under way, closes when its streams have ended (RFC 9113 section 6.8). */
  drain(): void;
  destroy(): void;
}

/**
 * GOAWAY with the highest stream id and NO_ERROR: a notice that refuses nothing yet (RFC 9113 section 6.8). node:http2 has no call
 * for it (nghttp2_submit_shutdown_notice): its `goaway` makes nghttp2 ignore new streams at once, whatever id it names. So the
 * frame is written to the socket itself; node:http2 hands the socket whole frames only, so it falls between two of them.
 */
const SHUTDOWN_NOTICE = Buffer.from('000008' + '07' + '00' + '00000000' + '7fffffff' + '00000000', 'hex');
/** How long a client has to answer the PING after the first GOAWAY. */
const DRAIN_PING_MS = 1_000;
/** How long a client has to close its side of a connection that is over. */
const LINGER_MS = 2_000;

export function createDownstreamSession(options: DownstreamSessionOptions): DownstreamSession {
  const { socket, limits } = options;
  const session = performServerHandshake(socket, serverOptions(limits));
  session.setLocalWindowSize(CONNECTION_WINDOW);
  const streams = countStreams(session);
  session.on('error', (error: Error & { code?: string }) => {
    // grpc-go says goodbye with a GOAWAY that nghttp2 takes for a violation: what comes after the last stream hurts nobody.
    const isGoodbye = streams.opened > 0 && streams.open === 0;
    if (isViolation(error.code) && !isGoodbye) options.malformed(violation(error));
  });
  session.on('close', options.closed);
  // The socket may allow half-open connections (HTTP/1 wants that); in HTTP/2 a client that ended its half is gone.
  socket.once('end', () => session.destroy());
  const cut = (): void => {
    session.destroy();
    // What is closing by itself would wait for the client's end as well.
    socket.destroy();
  };
  const close = watchIdle(session, { limits, streams, cut });
  watchQuiet(session, { quietMs: limits.idleTimeoutMs, answerMs: limits.headTimeoutMs, lost: cut });
  watchAbuse(session, options);
  session.on('stream', (stream, headers, flags, fields) => {
    stream.on('error', () => {
      // Its `close` follows and says all.
    });
    if (stream.destroyed || stream.closed) return;
    const isEmpty = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    options.request({ stream, headers, fields, isEmpty });
  });
  return { drain: () => drain(session, socket, { streams, close }), destroy: cut };
}

/** Errors of nghttp2 and of node:http2's own limits; a reset connection or the peer's own GOAWAY are none. */
function isViolation(code: string | undefined): boolean {
  return (code?.startsWith('ERR_HTTP2_') ?? false) && code !== 'ERR_HTTP2_SESSION_ERROR';
}

function violation(cause: Error): ProxyError {
  return new ProxyError('malformed-request', `the connection broke HTTP/2: ${cause.message}`, { cause });
}

/**
 * node:http2 takes the end of any write of its socket that does not end at once for the end of one of its own, and where it has
 * none under way it ends the whole process (an assertion of OnStreamAfterWrite). Over TLS no write ends at once; over TCP one does
 * while none waits for the client. Without the notice a client that asks on meanwhile reads in the last GOAWAY what was not begun.
 */
function mayWriteBeside(socket: Socket): boolean {
  if ('encrypted' in socket) return false;
  // What libuv holds back; there is no public name for it.
  const handle: unknown = Reflect.get(socket, '_handle');
  return typeof handle === 'object' && handle !== null && Reflect.get(handle, 'writeQueueSize') === 0;
}

/** Two steps: a GOAWAY that refuses nothing, and when the client has surely seen it, the one that names the last stream. */
function drain(
  session: ServerHttp2Session,
  socket: Socket,
  { streams, close }: { readonly streams: StreamCount; readonly close: () => void },
): void {
  if (session.closed || session.destroyed) return;
  // Nothing of the client was read yet, nothing of ours may have been sent: SETTINGS has to come first.
  if (streams.opened === 0) return close();
  if (mayWriteBeside(socket)) socket.write(SHUTDOWN_NOTICE);
  const timer = setTimeout(close, DRAIN_PING_MS).unref();
  session.ping(() => {
    clearTimeout(timer);
    close();
  });
}

interface StreamCount {
  opened: number;
  open: number;
}

function countStreams(session: ServerHttp2Session): StreamCount {
  const streams: StreamCount = { opened: 0, open: 0 };
  session.on('stream', (stream) => {
    streams.opened += 1;
    streams.open += 1;
    stream.once('close', () => (streams.open -= 1));
  });
  return streams;
}

interface IdleOptions {
  readonly limits: Limits;
  readonly streams: StreamCount;
  readonly cut: () => void;
}

/**
 * Closes a connection that did not begin in time, or has had no stream for the idle time (PINGs do not keep it), and cuts one that
 * is over and that its client leaves open. Returns what closes it in order.
 */
function watchIdle(session: ServerHttp2Session, { limits, streams, cut }: IdleOptions): () => void {
  let timer = setTimeout(cut, limits.headTimeoutMs);
  const idle = (): void => {
    clearTimeout(timer);
    if (streams.open > 0) return;
    timer = session.closed ? setTimeout(cut, LINGER_MS) : setTimeout(close, limits.idleTimeoutMs);
  };
  const close = (): void => {
    session.close();
    idle();
  };
  session.once('remoteSettings', idle);
  session.on('goaway', idle);
  session.on('stream', (stream) => {
    clearTimeout(timer);
    stream.once('close', idle);
  });
  session.once('close', () => clearTimeout(timer));
  return close;
}

function watchAbuse(session: ServerHttp2Session, options: DownstreamSessionOptions): void {
  const guard = createAbuseGuard();
  const cut = (what: string): void => {
    if (session.destroyed) return;
    const error = new ProxyError('malformed-request', `the connection was cut: ${what}`);
    options.malformed(error);
    session.destroy(error, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
  const control = (): void => {
    if (guard.control(performance.now())) cut('too many PING or SETTINGS frames');
  };
  session.on('ping', control);
  session.on('remoteSettings', control);
  session.on('stream', (stream) => {
    guard.streamOpened();
    const openedAt = performance.now();
    stream.once('close', () => {
      const isReset = stream.aborted && !stream.headersSent;
      if (isReset && guard.streamReset(performance.now() - openedAt)) cut('streams opened only to be reset');
    });
  });
}
