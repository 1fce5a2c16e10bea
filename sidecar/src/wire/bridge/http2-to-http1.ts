import type { ClientRequest, IncomingMessage, InformationEvent } from 'node:http';
import { constants } from 'node:http2';
import type { ExchangeResult } from '../../exchange/exchange.ts';
import { ProxyError } from '../../proxy-error.ts';
import type { EdgeWork } from '../edge/edge-work.ts';
import { malformedHead } from '../http/client-answer.ts';
import { http1Headers } from '../http/plain-headers.ts';
import type { UpstreamCaller, UpstreamListener } from '../http/upstream-call.ts';
import { upstreamError } from '../http/upstream-error.ts';
import type { UpstreamPool } from '../http/upstream-pool.ts';
import { edgeWork } from '../http2/edge-of-stream.ts';
import { exchangeResult } from '../http2/exchange-result.ts';
import { fieldValue, isGrpc } from '../http2/fields.ts';
import { answerLocally, replyLocally } from '../http2/local-answer.ts';
import { plainRequest } from '../http2/plain-fields.ts';
import type { RelayOptions } from '../http2/relay.ts';
import { unreadBytes, type Watched } from '../http2/stall-watch.ts';
import { isRepeatable, type PlainRequest } from '../plain-request.ts';
import { resetSocket } from '../reset-socket.ts';
import { Http1Response } from './http1-response.ts';
import { StreamBody } from './stream-body.ts';
import { resetStream } from '../http2/reset-stream.ts';

export interface ToHttp1Options extends Omit<RelayOptions, 'pool'> {
  readonly caller: UpstreamCaller;
  readonly pool: UpstreamPool;
}

/** See the HTTP/1 driver's own: idle connections that are found closed, and interim responses. */
const MAX_REPLAYS = 2;
const MAX_INTERIM = 64;
/** What the caller asks of a downstream connection; this one's end is heard of by the stream. */
const CONNECTED = { destroyed: false };

/** Carries one request of an HTTP/2 client to an upstream that speaks HTTP/1, and its response back. */
export class Http2ToHttp1 implements UpstreamListener, Watched {
  readonly #options: ToHttp1Options;
  readonly #request: PlainRequest;
  readonly #body: StreamBody;
  readonly #response: Http1Response;
  readonly #edge: EdgeWork | undefined;
  /** `answered`: nothing more is expected of an upstream. */
  #phase: 'waiting' | 'answering' | 'answered' | 'over' = 'waiting';
  #upstream: ClientRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  #interim = 0;
  #replays: number;
  #failure: ProxyError | undefined;
  #given: ExchangeResult | undefined;

  constructor(options: ToHttp1Options) {
    this.#options = options;
    const { stream, fields, isEmpty, exchange } = options;
    this.#request = plainRequest(fields, isEmpty, exchange.edge);
    this.#replays = isRepeatable(this.#request) ? MAX_REPLAYS : 0;
    const edge = edgeWork(options, {
      timedOut: (error) => this.#timedOut(error),
      tooLarge: (error) => this.#fail(error),
    });
    this.#edge = edge;
    this.#body = new StreamBody({
      source: stream,
      isEmpty,
      ...(edge === undefined ? {} : { chunk: (bytes) => edge.chunk(bytes) }),
      sent: () => this.#sent(),
      spoiled: (cause) =>
        this.#fail(new ProxyError('malformed-request', 'A trailer is not valid.', { cause })),
    });
    this.#response = new Http1Response({
      stream,
      method: this.#request.method,
      edits: () => exchange.responseEdits,
      received: () => this.#received(),
      truncated: (error) => this.#fail(error),
      written: () => this.#body.refuseRest(),
    });
  }

  start(): void {
    const { stream, fields, exchange, stalls } = this.#options;
    stream.on('aborted', () => this.#abandoned());
    stream.on('close', () => this.#closed());
    stalls.add(this);
    if (exchange.refusal) return this.#answer(exchange.refusal);
    if (exchange.edge?.reply) {
      this.#phase = 'answered';
      this.#given = { status: exchange.edge.reply.status };
      this.#body.discard();
      return replyLocally(stream, exchange.edge.reply, fields);
    }
    const tooLarge = this.#edge?.refuses(fieldValue(fields, 'content-length'));
    if (tooLarge) return this.#answer(tooLarge);
    this.#edge?.begin();
    this.#attempt();
  }

  waitingBytes(): number | undefined {
    const { stream } = this.#options;
    const toClient = stream.headersSent ? unreadBytes(stream) : undefined;
    return toClient ?? (this.#upstream?.writableNeedDrain ? this.#upstream.writableLength : undefined);
  }

  stalled(): void {
    const { stream, limits } = this.#options;
    const isClient = stream.headersSent && unreadBytes(stream) !== undefined;
    const who = isClient ? 'client' : 'upstream';
    const message = `the ${who} read nothing for ${limits.idleTimeoutMs} ms`;
    this.#fail(new ProxyError(isClient ? 'downstream-closed' : 'response-timeout', message));
  }

  #attempt(): void {
    const { exchange, caller } = this.#options;
    const { method, path } = this.#request;
    this.#edge?.attempt();
    try {
      const headers = http1Headers(this.#request, exchange.requestEdits);
      const connectTimeoutMs = exchange.edge?.connectTimeoutMs || undefined;
      const { target } = exchange;
      caller.call({ target, method, path, headers, connectTimeoutMs, socket: CONNECTED }, this);
    } catch (cause) {
      const message = `the head cannot be sent on: ${String(cause)}`;
      this.#answer(new ProxyError('malformed-request', message, { cause }));
    }
  }

  created(upstream: ClientRequest): void {
    const { fields } = this.#options;
    this.#upstream = upstream;
    const expect = fieldValue(fields, 'expect');
    if (expect !== undefined) upstream.setHeader('expect', expect);
    const trailer = fieldValue(fields, 'trailer');
    if (trailer !== undefined && upstream.hasHeader('transfer-encoding'))
      upstream.setHeader('trailer', trailer);
    this.#body.sendTo(upstream);
  }

  informed(information: InformationEvent): void {
    if (this.#phase !== 'waiting') return;
    this.#interim += 1;
    const error =
      this.#interim > MAX_INTERIM
        ? new ProxyError('upstream-malformed', 'The upstream sends interim responses without end.')
        : this.#response.inform(information);
    if (error) this.#fail(error);
  }

  answered(upstream: IncomingMessage): void {
    if (this.#phase !== 'waiting') return void upstream.destroy();
    clearTimeout(this.#timer);
    const error = this.#response.begin(upstream);
    if (error) return this.#fail(error);
    this.#phase = 'answering';
    this.#edge?.answered();
    this.#options.exchange.responded(upstream.statusCode ?? 0);
    this.#response.follow(upstream);
  }

  switched(_response: IncomingMessage, socket: { destroy(): void }): void {
    socket.destroy();
    this.#fail(malformedHead(new Error('a change of protocol that nobody asked for')));
  }

  failed(cause: unknown, upstream: ClientRequest): void {
    if (upstream !== this.#upstream || this.#phase === 'over' || this.#phase === 'answered') return;
    if (this.#phase === 'answering') {
      // A close without an error is no news here; a body that is not whole tells of itself.
      if (cause !== undefined) this.#response.broken(cause);
      return;
    }
    const error = upstreamError(cause);
    clearTimeout(this.#timer);
    if (this.#replays > 0 && this.#interim === 0 && error.code === 'upstream-reset') {
      this.#replays -= upstream.reusedSocket ? 1 : MAX_REPLAYS;
      this.#options.pool.dropIdle(this.#options.exchange.target);
      this.#attempt();
    } else if (error.retryable && this.#options.exchange.retry(error)) this.#attempt();
    else this.#answer(error);
  }

  /** gRPC brings a deadline of its own. */
  #sent(): void {
    const { limits, fields } = this.#options;
    this.#edge?.sent();
    if (this.#phase !== 'waiting' || limits.responseTimeoutMs === 0 || isGrpc(fields)) return;
    if (this.#edge?.hasTimes) return;
    this.#timer = setTimeout(() => {
      this.#fail(new ProxyError('response-timeout', `no response within ${limits.responseTimeoutMs} ms`));
    }, limits.responseTimeoutMs);
  }

  #timedOut(error: ProxyError): void {
    if (this.#phase === 'waiting' && error.retryable && this.#options.exchange.retry(error)) {
      this.#dropUpstream();
      this.#attempt();
    } else this.#fail(error);
  }

  /** The whole response came. */
  #received(): void {
    if (this.#phase !== 'answering') return;
    this.#phase = 'answered';
    if (this.#upstream?.writableEnded !== false) return;
    this.#upstream.destroy();
    this.#body.discard();
  }

  /** Ends both sides with `error`: a reply where none has begun, else a reset. */
  #fail(error: ProxyError): void {
    if (this.#phase === 'over' || this.#failure !== undefined) return;
    if (!this.#options.stream.headersSent) return this.#answer(error);
    this.#failure = error;
    this.#leave('answered');
    resetStream(this.#options.stream, constants.NGHTTP2_INTERNAL_ERROR);
  }

  #answer(error: ProxyError): void {
    const { stream, fields } = this.#options;
    this.#failure ??= error;
    this.#leave('answered');
    this.#body.discard();
    answerLocally(stream, error, fields);
  }

  /** The client reset the stream or is gone. */
  #abandoned(): void {
    this.#leave('over');
  }

  #closed(): void {
    const { stalls, exchange, fields } = this.#options;
    const { isWritten, status } = this.#response;
    stalls.remove(this);
    this.#leave('over');
    this.#edge?.over();
    const failure = this.#failure;
    const result = exchangeResult({ request: fields, failure, isWritten, status, grpcStatus: undefined });
    exchange.end(this.#given ?? result);
  }

  #leave(next: 'answered' | 'over'): void {
    const isWhole = this.#phase === 'answered' && this.#failure === undefined;
    clearTimeout(this.#timer);
    this.#phase = next;
    if (!isWhole) this.#dropUpstream();
  }

  /** By a reset: a sidecar behind would take an orderly end for one that still waits for its answer. */
  #dropUpstream(): void {
    const socket = this.#upstream?.socket;
    if (socket && !this.#upstream?.destroyed) resetSocket(socket);
    this.#upstream?.destroy();
  }
}
