import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { UpstreamSocket } from '../http/upstream-socket.ts';
import { resetSocket } from '../reset-socket.ts';

/**
 * What all connections read into, one after the other: what has come is used before the next one reads. Memory of its own for each read
 * would be 64 KiB, most of it given back at once, and a fifth of the time (measured).
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** Larger reads are most likely of bodies, which may have to wait for their client: they get memory of their own. */
const SMALL_READ = 4 * 1024;

/** Who uses a connection now. Bytes are theirs only until `received` returns, unless there are many. */
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
  readonly #options: UpstreamConnectionOptions;
  readonly #socket: UpstreamSocket;
  #user: UpstreamUser | undefined;
  #cause: unknown;
  #isLost = false;
  /** Since when nobody uses it, and until when it may rest so, on the clock of `performance.now`. */
  restsUntilMs = 0;
  /** It carried a request before. */
  isUsed = false;

  constructor(options: UpstreamConnectionOptions, user: UpstreamUser) {
    this.#options = options;
    this.#user = user;
    this.#socket = new UpstreamSocket({
      onread: { buffer: READ_BUFFER, callback: (length) => this.#read(READ_BUFFER.subarray(0, length)) },
    });
    this.#connect();
  }

  get target(): SocketAddress {
    return this.#options.target;
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
    socket.on('drain', () => this.#user?.drained());
    socket.on('error', (cause) => (this.#cause = cause));
    socket.on('end', () => this.#lose());
    socket.on('close', () => {
      clearTimeout(timer);
      this.#lose();
    });
    socket.connect({ host: target.address, port: target.port });
  }

  #read(bytes: Buffer): boolean {
    // Bytes that nobody asked for would be read as the answer to the next request.
    if (this.#user === undefined) this.#socket.destroy();
    else this.#user.received(bytes.length > SMALL_READ ? Buffer.from(bytes) : bytes);
    return true;
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
