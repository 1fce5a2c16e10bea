import { connect, type Socket } from 'node:net';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { Limits } from '../../config.ts';
import type { Exchange, StreamHandler } from '../../exchange/exchange.ts';
import type { Connection } from '../../listen/connection.ts';
import { PROXY_ERRORS, ProxyError } from '../../proxy-error.ts';
import { joinStreams, type JoinedStreams } from './join-streams.ts';
import { resetSocket } from '../reset-socket.ts';

export interface TcpStreamOptions {
  readonly handler: StreamHandler;
  /** `idleTimeoutMs`: both directions silent for so long. */
  readonly limits: Pick<Limits, 'connectTimeoutMs' | 'idleTimeoutMs'>;
}

/** A connection to a server whose client has not spoken yet. */
export interface SilentStream {
  /** The bytes are opaque: carries them from now on, `head` before those that are unread. */
  commit(head?: Uint8Array): void;
  /** The client speaks something else: gives its socket back untouched and closes the connection to the server. */
  release(): void;
}

/** A stream has no status of its own; carried to its end, it counts as a success. */
const STREAM_STATUS = 200;

const NO_BYTES = new Uint8Array(0);

/** One downstream connection and its way to an upstream one. */
export class TcpStream implements SilentStream {
  onServerSpoke: (() => void) | undefined;
  readonly #downstream: Socket;
  readonly #options: TcpStreamOptions;
  readonly #onGone: (stream: TcpStream) => void;
  #upstream: Socket | undefined;
  #joined: JoinedStreams | undefined;
  #exchange: Exchange | undefined;
  #head: Uint8Array = NO_BYTES;
  #isCommitted = false;
  #isOver = false;

  constructor(downstream: Socket, options: TcpStreamOptions, onGone: (stream: TcpStream) => void) {
    this.#downstream = downstream;
    this.#options = options;
    this.#onGone = onGone;
  }

  start(connection: Connection): void {
    const downstream = this.#downstream;
    downstream.setNoDelay(true);
    downstream.once('error', this.#onDownstreamGone);
    downstream.once('close', this.#onDownstreamGone);
    this.#exchange = this.#options.handler.open(connection);
    const { refusal } = this.#exchange;
    if (refusal !== undefined) this.#fail(refusal);
    else if (downstream.destroyed) this.#onDownstreamGone();
    else this.#connect(this.#exchange);
  }

  commit(head: Uint8Array = NO_BYTES): void {
    if (this.#isCommitted || this.#isOver) return;
    this.#isCommitted = true;
    this.#head = head;
    if (this.#joined === undefined) this.#downstream.pause();
    else this.#joined.carryDownstream(head);
  }

  release(): void {
    if (this.#isOver) return;
    this.#forgetDownstream();
    this.#joined?.release();
    this.#upstream?.destroy();
    this.#end(undefined);
  }

  destroy(): void {
    this.#fail(new ProxyError('draining', 'the proxy is closing'));
  }

  #connect(exchange: Exchange): void {
    const { address, port } = exchange.target;
    const { connectTimeoutMs } = this.#options.limits;
    const where = formatAddress(exchange.target);
    const upstream = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
    this.#upstream = upstream;
    const failed = (error: ProxyError): void => {
      clearTimeout(timer);
      upstream.removeAllListeners().on('error', ignore);
      upstream.destroy();
      if (this.#isOver) return;
      if (exchange.retry(error)) this.#connect(exchange);
      else this.#fail(error);
    };
    const timer = setTimeout(() => {
      const message = `no connection to ${where} within ${connectTimeoutMs} ms; is it up and reachable?`;
      failed(new ProxyError('connect-timeout', message, { retryable: true }));
    }, connectTimeoutMs);
    const onError = (cause: Error): void => {
      const message = `cannot connect to ${where}: ${reasonOf(cause)}`;
      failed(new ProxyError('connect-failed', message, { retryable: true, cause }));
    };
    upstream.once('error', onError);
    upstream.once('close', () => clearTimeout(timer));
    upstream.once('connect', () => {
      clearTimeout(timer);
      upstream.off('error', onError);
      this.#join(exchange, upstream);
    });
  }

  #join(exchange: Exchange, upstream: Socket): void {
    const downstream = this.#downstream;
    this.#forgetDownstream();
    exchange.responded(STREAM_STATUS);
    this.#joined = joinStreams({
      downstream,
      upstream,
      idleTimeoutMs: this.#options.limits.idleTimeoutMs,
      onEnd: (error) => this.#end(error),
    });
    if (this.#isCommitted) {
      this.#joined.carryDownstream(this.#head);
      return;
    }
    upstream.once('data', () => {
      if (!this.#isCommitted && !this.#isOver) this.onServerSpoke?.();
    });
  }

  #forgetDownstream(): void {
    this.#downstream.off('error', this.#onDownstreamGone);
    this.#downstream.off('close', this.#onDownstreamGone);
  }

  /** The client went away before there was an upstream connection. */
  readonly #onDownstreamGone = (): void => {
    this.#fail(new ProxyError('downstream-closed', 'the client left before its destination was connected'));
  };

  /** Ends both sides at once; the client sees a reset, for nothing else can be said in bytes that are not ours. */
  #fail(error: ProxyError): void {
    if (this.#isOver) return;
    this.#end(error);
    this.#upstream?.on('error', ignore);
    this.#upstream?.destroy();
    this.#downstream.on('error', ignore);
    resetSocket(this.#downstream);
  }

  #end(error: ProxyError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const status = error === undefined ? STREAM_STATUS : PROXY_ERRORS[error.code].http;
    this.#exchange?.end(error === undefined ? { status } : { status, error });
    this.#onGone(this);
  }
}

/** An attempt on several addresses of one name has an empty message of its own. */
function reasonOf(error: Error): string {
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}

function ignore(): void {}
