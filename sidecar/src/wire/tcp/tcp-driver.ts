import { connect, type Socket } from 'node:net';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { Limits } from '../../config.ts';
import type { Exchange, StreamHandler } from '../../exchange/exchange.ts';
import type { Connection } from '../../listen/connection.ts';
import { PROXY_ERRORS, ProxyError } from '../../proxy-error.ts';
import type { Driver } from '../driver.ts';
import { joinStreams } from './join-streams.ts';

export interface TcpDriverOptions {
  readonly handler: StreamHandler;
  /** `idleTimeoutMs`: both directions silent for so long. */
  readonly limits: Pick<Limits, 'connectTimeoutMs' | 'idleTimeoutMs'>;
}

/** Carries bytes unread: TLS, and protocols that are not HTTP. */
export function createTcpDriver(options: TcpDriverOptions): Driver {
  const live = new Set<TcpStream>();
  let whenEmpty: (() => void) | undefined;
  const onGone = (stream: TcpStream): void => {
    live.delete(stream);
    if (live.size === 0) whenEmpty?.();
  };
  return {
    accept(socket, connection) {
      const stream = new TcpStream(socket, options, onGone);
      live.add(stream);
      stream.start(connection);
    },
    drain: () =>
      new Promise((resolve) => {
        whenEmpty = resolve;
        if (live.size === 0) resolve();
      }),
    close() {
      for (const stream of live) stream.destroy();
    },
  };
}

/** One downstream connection and its way to an upstream one. */
class TcpStream {
  readonly #downstream: Socket;
  readonly #options: TcpDriverOptions;
  readonly #onGone: (stream: TcpStream) => void;
  #upstream: Socket | undefined;
  #exchange: Exchange | undefined;
  #isOver = false;

  constructor(downstream: Socket, options: TcpDriverOptions, onGone: (stream: TcpStream) => void) {
    this.#downstream = downstream;
    this.#options = options;
    this.#onGone = onGone;
  }

  start(connection: Connection): void {
    const downstream = this.#downstream;
    downstream.pause();
    downstream.setNoDelay(true);
    downstream.once('error', this.#onDownstreamGone);
    downstream.once('close', this.#onDownstreamGone);
    this.#exchange = this.#options.handler.open(connection);
    const { refusal } = this.#exchange;
    if (refusal !== undefined) this.#fail(refusal);
    else if (downstream.destroyed) this.#onDownstreamGone();
    else this.#connect(this.#exchange);
  }

  destroy(): void {
    this.#fail(new ProxyError('draining', 'the proxy is closing'));
  }

  #connect(exchange: Exchange): void {
    const { address, port } = exchange.target;
    const { connectTimeoutMs } = this.#options.limits;
    const upstream = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
    this.#upstream = upstream;
    const where = formatAddress(exchange.target);
    const timer = setTimeout(() => {
      const message = `no connection to ${where} within ${connectTimeoutMs} ms; is it up and reachable?`;
      failed(new ProxyError('connect-timeout', message, { retryable: true }));
    }, connectTimeoutMs);
    const failed = (error: ProxyError): void => {
      clearTimeout(timer);
      upstream.removeAllListeners();
      upstream.on('error', ignore);
      upstream.destroy();
      if (this.#isOver) return;
      if (exchange.retry(error)) this.#connect(exchange);
      else this.#fail(error);
    };
    const onError = (cause: Error): void =>
      failed(
        new ProxyError('connect-failed', `cannot connect to ${where}: ${cause.message}`, {
          retryable: true,
          cause,
        }),
      );
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
    downstream.off('error', this.#onDownstreamGone);
    downstream.off('close', this.#onDownstreamGone);
    exchange.responded(STREAM_STATUS);
    joinStreams({
      downstream,
      upstream,
      idleTimeoutMs: this.#options.limits.idleTimeoutMs,
      onEnd: (error) => this.#end(error),
    });
  }

  /** The client went away before there was an upstream connection. */
  readonly #onDownstreamGone = (): void => {
    this.#fail(new ProxyError('downstream-closed', 'the client left before its destination was connected'));
  };

  /** Ends both sides at once; a client that was told nothing sees a reset. */
  #fail(error: ProxyError): void {
    const wasOver = this.#isOver;
    this.#end(error);
    if (wasOver) return;
    this.#upstream?.on('error', ignore);
    this.#upstream?.destroy();
    this.#downstream.on('error', ignore);
    this.#downstream.resetAndDestroy();
  }

  #end(error: ProxyError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const status = error === undefined ? STREAM_STATUS : PROXY_ERRORS[error.code].http;
    this.#exchange?.end(error === undefined ? { status } : { status, error });
    this.#onGone(this);
  }
}

/** A stream has no status of its own; carried to its end, it counts as a success. */
const STREAM_STATUS = 200;

function ignore(): void {}
