import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Limits } from '../../config.ts';
import { ProxyError } from '../../proxy-error.ts';
import { watchQuiet } from './quiet-watch.ts';
import { clientOptions, CONNECTION_WINDOW } from './session-options.ts';

/** What a session may be asked for, and by which events it moves on. */
type State =
  /** From the TCP connect to the peer's SETTINGS. */
  | { readonly phase: 'connecting'; readonly deadline: NodeJS.Timeout }
  | { readonly phase: 'ready'; idle: NodeJS.Timeout | undefined }
  /** GOAWAY came, or we are closing: what is open ends by itself, nothing new starts. */
  | { readonly phase: 'draining' }
  | { readonly phase: 'closed' };

export interface UpstreamSessionEvents {
  /** The peer's SETTINGS came: streams may be opened. */
  ready(session: UpstreamSession): void;
  /** A stream ended, or the peer allows more: there may be room. */
  room(session: UpstreamSession): void;
  /** It takes no new streams any more. `error` is set when it never became ready. Called once. */
  leaving(session: UpstreamSession, error: ProxyError | undefined): void;
  closed(session: UpstreamSession): void;
}

export interface UpstreamSessionOptions {
  readonly target: SocketAddress;
  readonly limits: Limits;
  readonly events: UpstreamSessionEvents;
}

/** Streams that we open on one connection at most, where the peer names no lower number. */
const OWN_STREAM_LIMIT = 1_000;
/** How long an endpoint has to close its side of a connection that is over. */
const LINGER_MS = 2_000;
/** Finds endpoints that vanished while a response is being waited for. */
const KEEP_ALIVE_MS = 60_000;

/** One h2c connection to an endpoint, with its life as an explicit state. */
export class UpstreamSession {
  readonly #options: UpstreamSessionOptions;
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  #state: State;
  #streams = 0;
  #limit = 0;
  /** Of the last GOAWAY; a peer may lower it with another one. */
  #lastStreamId = Number.POSITIVE_INFINITY;
  #error: Error | undefined;
  #isWatched = false;

  constructor(options: UpstreamSessionOptions) {
    this.#options = options;
    const { target, limits } = options;
    const socket = connectSocket({
      host: target.address,
      port: target.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    this.#socket = socket;
    this.#session = connect(`http://${formatAddress(target)}`, {
      ...clientOptions(limits),
      createConnection: () => socket,
    });
    const deadline = setTimeout(() => this.#timedOut(), limits.connectTimeoutMs);
    this.#state = { phase: 'connecting', deadline };
    this.#session.once('connect', () => this.#session.setLocalWindowSize(CONNECTION_WINDOW));
    this.#session.on('remoteSettings', (settings) => this.#settled(settings.maxConcurrentStreams));
    this.#session.on('goaway', (_code, lastStreamId) => {
      this.#lastStreamId = lastStreamId;
      this.#leave();
      this.#watchLeaving();
    });
    this.#session.on('error', (error: Error) => (this.#error ??= error));
    this.#session.on('close', () => this.#closed());
  }

  get phase(): State['phase'] {
    return this.#state.phase;
  }

  get streams(): number {
    return this.#streams;
  }

  get hasRoom(): boolean {
    return this.#isOpen && this.#streams < this.#limit;
  }

  /** The peer allows no stream at all for now; more connections would not help. */
  get takesNothing(): boolean {
    return this.#isOpen && this.#limit === 0;
  }

  /** node:http2 knows of a lost socket before it tells with `close`. */
  get #isOpen(): boolean {
    return this.#state.phase === 'ready' && !this.#session.closed && !this.#session.destroyed;
  }

  /**
   * Opens a stream; undefined when the session has just stopped taking any. Throws what node:http2 throws for a head that it
   * does not send.
   */
  open(fields: readonly string[], options: { readonly endStream: boolean }): ClientHttp2Stream | undefined {
    if (this.#state.phase !== 'ready' || !this.#isOpen) return undefined;
    const stream = this.#session.request(fields, {
      endStream: options.endStream,
      waitForTrailers: !options.endStream,
    });
    this.#streams += 1;
    clearTimeout(this.#state.idle);
    stream.once('close', () => this.#streamClosed());
    return stream;
  }

  /** Whether the peer has said that it did not and will not process the stream (RFC 9113 section 6.8). */
  disowned(stream: ClientHttp2Stream): boolean {
    if (stream.id === undefined) return true;
    return stream.id > this.#lastStreamId;
  }

  /** Whether the connection is gone, so that a stream's end says nothing about the peer's will. */
  get isLost(): boolean {
    return this.#session.destroyed;
  }

  /** Lets what is open end, then closes. */
  close(): void {
    this.#leave();
    this.#session.close();
    this.#lingerWhenOver();
  }

  destroy(): void {
    this.#leave();
    this.#session.destroy();
    // What is closing by itself would wait for the peer's end as well.
    this.#socket.destroy();
  }

  #settled(maxConcurrentStreams: number | undefined): void {
    this.#limit = Math.min(maxConcurrentStreams ?? OWN_STREAM_LIMIT, OWN_STREAM_LIMIT);
    if (this.#state.phase === 'ready') return this.#options.events.room(this);
    if (this.#state.phase !== 'connecting') return;
    clearTimeout(this.#state.deadline);
    this.#state = { phase: 'ready', idle: undefined };
    this.#watchIdle();
    this.#options.events.ready(this);
  }

  #streamClosed(): void {
    this.#streams -= 1;
    this.#options.events.room(this);
    this.#watchIdle();
    this.#lingerWhenOver();
  }

  #lingerWhenOver(): void {
    if (this.#state.phase !== 'draining' || this.#streams > 0) return;
    const timer = setTimeout(() => this.destroy(), LINGER_MS).unref();
    this.#session.once('close', () => clearTimeout(timer));
  }

  /** Only once: gRPC servers count the PINGs of a client, and one that goes away may send several GOAWAYs. */
  #watchLeaving(): void {
    this.#lingerWhenOver();
    if (this.#isWatched) return;
    this.#isWatched = true;
    const { idleTimeoutMs, headTimeoutMs } = this.#options.limits;
    const lost = (): void => this.destroy();
    watchQuiet(this.#session, { quietMs: idleTimeoutMs, answerMs: headTimeoutMs, lost });
  }

  #watchIdle(): void {
    if (this.#state.phase !== 'ready' || this.#streams > 0) return;
    clearTimeout(this.#state.idle);
    this.#state.idle = setTimeout(() => this.close(), this.#options.limits.idleTimeoutMs);
  }

  #timedOut(): void {
    const { target, limits } = this.#options;
    this.#leave(
      new ProxyError(
        'connect-timeout',
        `${formatAddress(target)} did not begin HTTP/2 within ${limits.connectTimeoutMs} ms`,
        { retryable: true },
      ),
    );
    this.#session.destroy();
  }

  #leave(error?: ProxyError): void {
    const before = this.#state;
    if (before.phase === 'draining' || before.phase === 'closed') return;
    this.#state = { phase: 'draining' };
    if (before.phase === 'connecting') {
      clearTimeout(before.deadline);
      this.#options.events.leaving(this, error ?? this.#connectError());
    } else {
      clearTimeout(before.idle);
      this.#options.events.leaving(this, undefined);
    }
  }

  #closed(): void {
    this.#leave();
    this.#state = { phase: 'closed' };
    this.#options.events.closed(this);
  }

  #connectError(): ProxyError {
    const reason = this.#error?.message ?? 'the connection was closed before HTTP/2 began';
    return new ProxyError(
      'connect-failed',
      `no HTTP/2 connection to ${formatAddress(this.#options.target)} (does it speak h2c?): ${reason}`,
      { retryable: true, cause: this.#error },
    );
  }
}
