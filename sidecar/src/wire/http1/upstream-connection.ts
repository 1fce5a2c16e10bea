import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { UpstreamSocket } from '../http/upstream-socket.ts';
import { resetSocket } from '../reset-socket.ts';

/** Who uses a connection now. */
export interface UpstreamUser {
  connected(): void;
  received(bytes: Buffer): void;
  /** The upstream takes more again. */
  drained(): void;
  /** It is no longer usable; `cause` undefined: the upstream ended it in order. Nothing comes after. */
  lost(cause: unknown): void;
}

export interface UpstreamConnectionOptions {
  readonly target: SocketAddress;
  readonly connectTimeoutMs: number;
  /** It left while nobody used it. */
  readonly gone: (connection: UpstreamConnection) => void;
}

/** One connection to an endpoint. Whoever holds it sends one request at a time. */
export class UpstreamConnection {
  readonly key: string;
  readonly #options: UpstreamConnectionOptions;
  readonly #socket: UpstreamSocket;
  #user: UpstreamUser | undefined;
  #cause: unknown;
  #isLost = false;
  /** Since when nobody uses it, and until when it may rest so, on the clock of `performance.now`. */
  restsUntilMs = 0;
  /** It carried a request before. */
  isUsed = false;

  constructor(key: string, options: UpstreamConnectionOptions, user: UpstreamUser) {
    this.key = key;
    this.#options = options;
    this.#user = user;
    this.#socket = new UpstreamSocket();
    this.#connect();
  }

  get socket(): UpstreamSocket {
    return this.#socket;
  }

  use(user: UpstreamUser): void {
    this.#user = user;
    this.isUsed = true;
  }

  rest(untilMs: number): void {
    this.#user = undefined;
    this.restsUntilMs = untilMs;
  }

  /** Nobody needs it any more; in order. */
  close(): void {
    this.#user = undefined;
    this.#socket.destroy();
  }

  /** By a reset: a sidecar behind would take an orderly end for one that still waits for its answer. */
  reset(): void {
    this.#user = undefined;
    resetSocket(this.#socket);
    this.#socket.destroy();
  }

  #connect(): void {
    const socket = this.#socket;
    const { target, connectTimeoutMs } = this.#options;
    const timer = setTimeout(() => {
      socket.destroy(
        Object.assign(new Error('The connection was not accepted in time.'), { code: 'ECONNECT_TIMEOUT' }),
      );
    }, connectTimeoutMs);
    socket.setNoDelay(true);
    socket.once('connect', () => {
      clearTimeout(timer);
      this.#user?.connected();
    });
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('drain', () => this.#user?.drained());
    socket.on('error', (cause) => (this.#cause = cause));
    socket.on('end', () => this.#lose());
    socket.on('close', () => {
      clearTimeout(timer);
      this.#lose();
    });
    socket.connect({ host: target.address, port: target.port });
  }

  #read(bytes: Buffer): void {
    // Bytes that nobody asked for would be read as the answer to the next request.
    if (this.#user === undefined) this.#socket.destroy();
    else this.#user.received(bytes);
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const user = this.#user;
    this.#user = undefined;
    this.#socket.destroy();
    if (user === undefined) this.#options.gone(this);
    else user.lost(this.#cause);
  }
}
