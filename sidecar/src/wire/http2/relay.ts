import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Limits } from '../../config.ts';
import type { Exchange, ExchangeResult } from '../../exchange/exchange.ts';
import { ProxyError } from '../../proxy-error.ts';
import type { Mirrors } from '../edge/copies.ts';
import type { EdgeWork } from '../edge/edge-work.ts';
import type { LocalReply } from '../local-reply.ts';
import { edgeWork } from './edge-of-stream.ts';
import { onEndOfStream, refuseRest } from './end-of-stream.ts';
import { exchangeResult } from './exchange-result.ts';
import { editFields, fieldValue, isGrpc, type RawFields, withAuthority, withRoute } from './fields.ts';
import { answerLocally, replyLocally } from './local-answer.ts';
import { RequestBody } from './request-body.ts';
import { ResponseWriter } from './response-writer.ts';
import type { CancelWaiting, SessionPool } from './session-pool.ts';
import { type StallWatch, unreadBytes, type Watched } from './stall-watch.ts';
import { readFailure } from './upstream-failure.ts';
import type { UpstreamSession } from './upstream-session.ts';
import { resetStream } from './reset-stream.ts';

export interface RelayOptions {
  readonly stream: ServerHttp2Stream;
  readonly fields: RawFields;
  readonly headers: IncomingHttpHeaders;
  /** END_STREAM came with the head. */
  readonly isEmpty: boolean;
  readonly exchange: Exchange;
  readonly pool: SessionPool;
  readonly stalls: StallWatch;
  readonly limits: Limits;
  /** Absent: nothing is copied. */
  readonly mirrors?: Mirrors | undefined;
}

interface Upstream {
  readonly session: UpstreamSession;
  readonly stream: ClientHttp2Stream;
  /** END_STREAM came: its response is whole. */
  isComplete: boolean;
}

type State =
  | { readonly phase: 'acquiring'; cancel: CancelWaiting }
  /** The request is on its way; no final head has come. */
  | { readonly phase: 'sent'; readonly upstream: Upstream; timer: NodeJS.Timeout | undefined }
  | { readonly phase: 'answering'; readonly upstream: Upstream }
  /** The whole response was received, or the proxy gave its own; the upstream may still read the request. */
  | { readonly phase: 'answered'; readonly upstream: Upstream | undefined }
  | { readonly phase: 'over' };

/** How often a request that a departing connection disowned is sent to the same endpoint again before others are asked. */
const REPEATS = 5;

/** Carries one request and its response between a client's stream and an upstream one. Ends the exchange exactly once. */
export function relay(options: RelayOptions): void {
  new Relay(options).start();
}

class Relay implements Watched {
  readonly #options: RelayOptions;
  readonly #body: RequestBody;
  readonly #response: ResponseWriter;
  readonly #edge: EdgeWork | undefined;
  #state: State = { phase: 'acquiring', cancel: () => undefined };
  #repeats = 0;
  /** Why the exchange failed, once it has. */
  #failure: ProxyError | undefined;
  /** What was answered here without a failure. */
  #given: ExchangeResult | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { stream, isEmpty, exchange } = options;
    const edge = edgeWork(options, {
      timedOut: (error) => this.#timedOut(error),
      tooLarge: (error) => this.#fail(error, constants.NGHTTP2_CANCEL),
    });
    this.#edge = edge;
    this.#body = new RequestBody({
      source: stream,
      isEmpty,
      ...(edge === undefined ? {} : { chunk: (bytes) => edge.chunk(bytes) }),
      sent: () => this.#sent(),
    });
    this.#response = new ResponseWriter({
      stream,
      method: String(options.headers[':method']),
      edits: () => exchange.responseEdits,
      written: () => this.#settle(),
    });
  }

  start(): void {
    const { stream, fields, exchange, stalls } = this.#options;
    stream.on('aborted', () => this.#abandoned());
    stream.on('close', () => this.#closed());
    stalls.add(this);
    if (exchange.refusal) return this.#answer(exchange.refusal);
    if (exchange.edge?.reply) return this.#give(exchange.edge.reply);
    const tooLarge = this.#edge?.refuses(fieldValue(fields, 'content-length'));
    if (tooLarge) return this.#answer(tooLarge);
    this.#edge?.begin();
    this.#acquire();
  }

  waitingBytes(): number | undefined {
    const { stream } = this.#options;
    const toClient = stream.headersSent ? unreadBytes(stream) : undefined;
    const { upstream } = this;
    return toClient ?? (upstream && !this.#body.isEmpty ? unreadBytes(upstream.stream) : undefined);
  }

  stalled(): void {
    const { stream, limits } = this.#options;
    const isClient = stream.headersSent && unreadBytes(stream) !== undefined;
    const who = isClient ? 'client' : 'upstream';
    this.#fail(
      new ProxyError(
        isClient ? 'downstream-closed' : 'response-timeout',
        `the ${who} read nothing for ${limits.idleTimeoutMs} ms`,
      ),
      constants.NGHTTP2_CANCEL,
    );
  }

  get upstream(): Upstream | undefined {
    return 'upstream' in this.#state ? this.#state.upstream : undefined;
  }

  #acquire(): void {
    const state: State = { phase: 'acquiring', cancel: () => undefined };
    this.#state = state;
    this.#edge?.attempt();
    const { target, edge } = this.#options.exchange;
    const cancel = this.#options.pool.acquire(target, {
      timeoutMs: edge?.connectTimeoutMs || undefined,
      ready: (session) => this.#send(session),
      failed: (error) => this.#again(error),
    });
    state.cancel = cancel;
  }

  #send(session: UpstreamSession): void {
    const { fields, headers, exchange } = this.#options;
    let stream: ClientHttp2Stream | undefined;
    try {
      const routed = withRoute(withAuthority(fields), exchange.edge ?? {});
      const edited = editFields(routed, exchange.requestEdits, headers);
      stream = session.open(edited, { endStream: this.#body.isEmpty });
    } catch (cause) {
      return this.#answer(
        new ProxyError('malformed-request', `the head cannot be sent on: ${String(cause)}`, { cause }),
      );
    }
    if (!stream) return this.#acquire();
    this.#listen({ session, stream, isComplete: false });
  }

  #listen(upstream: Upstream): void {
    const { stream } = upstream;
    this.#state = { phase: 'sent', upstream, timer: undefined };
    stream.on('error', () => {
      // Its `close` follows and says all.
    });
    stream.on('headers', (received: IncomingHttpHeaders, _flags: number, raw?: string[]) =>
      this.#informed(raw ?? [], received),
    );
    stream.on('response', (received: IncomingHttpHeaders, flags: number, raw?: string[]) =>
      this.#responded(received, flags, raw ?? []),
    );
    stream.on('trailers', (received: IncomingHttpHeaders, _flags: number, raw?: string[]) =>
      this.#response.keepTrailers(raw ?? [], received),
    );
    stream.on('close', () => this.#upstreamClosed(upstream));
    onEndOfStream(stream, () => {
      upstream.isComplete = true;
      this.#response.complete(stream);
    });
    this.#body.attach(stream);
    if (this.#body.hasEnded) this.#awaitResponse();
  }

  #sent(): void {
    this.#edge?.sent();
    this.#awaitResponse();
  }

  /** The request is sent. gRPC calls bring a deadline of their own, and a stream's head may rightly come hours later. */
  #awaitResponse(): void {
    const { limits, fields } = this.#options;
    if (this.#state.phase !== 'sent' || limits.responseTimeoutMs === 0 || isGrpc(fields)) return;
    if (this.#edge?.hasTimes) return;
    this.#state.timer = setTimeout(() => {
      const message = `no response within ${limits.responseTimeoutMs} ms`;
      this.#fail(new ProxyError('response-timeout', message), constants.NGHTTP2_CANCEL);
    }, limits.responseTimeoutMs);
  }

  #informed(raw: RawFields, received: IncomingHttpHeaders): void {
    const error = this.#response.inform(raw, received);
    if (error) this.#fail(error, constants.NGHTTP2_PROTOCOL_ERROR);
  }

  #responded(received: IncomingHttpHeaders, flags: number, raw: RawFields): void {
    const state = this.#state;
    if (state.phase !== 'sent') return;
    const { upstream } = state;
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const error = this.#response.begin(raw, received, endStream);
    if (error) return this.#fail(error, constants.NGHTTP2_PROTOCOL_ERROR);
    clearTimeout(state.timer);
    this.#edge?.answered();
    this.#body.release();
    this.#options.exchange.responded(this.#response.status ?? 0);
    this.#state = { phase: 'answering', upstream };
    this.#response.follow(upstream.stream, () => this.#answered());
  }

  /** The upstream's data ended, rightly or not; if not, its `close` follows. */
  #answered(): void {
    const state = this.#state;
    if (state.phase !== 'answering' || !state.upstream.isComplete) return;
    this.#state = { phase: 'answered', upstream: state.upstream };
    this.#settle();
  }

  #upstreamClosed(upstream: Upstream): void {
    if (this.upstream !== upstream) return;
    if (this.#state.phase === 'answered') {
      this.#state = { phase: 'answered', upstream: undefined };
      this.#body.discard();
      return this.#settle();
    }
    const failure = readFailure(upstream.session, upstream.stream, this.#body.isReplayable);
    if (this.#state.phase === 'sent') return this.#unanswered(failure);
    this.#truncate(failure.error, failure.kind === 'reset' ? failure.code : constants.NGHTTP2_INTERNAL_ERROR);
  }

  #unanswered(failure: ReturnType<typeof readFailure>): void {
    if (this.#state.phase === 'sent') clearTimeout(this.#state.timer);
    this.#body.detach();
    switch (failure.kind) {
      case 'reset':
        return this.#truncate(failure.error, failure.code);
      case 'broken':
        return this.#answer(failure.error);
      case 'disowned':
        if (!failure.error.retryable || this.#repeats >= REPEATS) return this.#again(failure.error);
        this.#repeats += 1;
        return this.#acquire();
      case 'refused':
        return this.#again(failure.error);
    }
  }

  #again(error: ProxyError): void {
    if (error.retryable && this.#options.exchange.retry(error)) this.#acquire();
    else this.#answer(error);
  }

  #timedOut(error: ProxyError): void {
    const { upstream } = this;
    const isWaiting = this.#state.phase === 'acquiring' || this.#state.phase === 'sent';
    if (this.#state.phase === 'acquiring') this.#state.cancel();
    if (!isWaiting || !error.retryable || !this.#options.exchange.retry(error))
      return this.#fail(error, constants.NGHTTP2_CANCEL);
    this.#body.detach();
    this.#acquire();
    if (upstream) resetStream(upstream.stream, constants.NGHTTP2_CANCEL);
  }

  /** Ends both sides with `error`: a reply where none has begun, else a reset. */
  #fail(error: ProxyError, code: number): void {
    const { upstream } = this;
    if (this.#options.stream.headersSent) this.#truncate(error, constants.NGHTTP2_CANCEL);
    else this.#answer(error);
    if (upstream) resetStream(upstream.stream, code);
  }

  #give(reply: LocalReply): void {
    const { stream, fields } = this.#options;
    this.#given = { status: reply.status };
    this.#leave({ phase: 'answered', upstream: undefined });
    this.#body.discard();
    replyLocally(stream, reply, fields);
  }

  #answer(error: ProxyError): void {
    this.#failure ??= error;
    this.#leave({ phase: 'answered', upstream: undefined });
    this.#body.discard();
    answerLocally(this.#options.stream, error, this.#options.fields);
  }

  /** The response cannot be completed: a reset, so that the client does not take it for whole. */
  #truncate(error: ProxyError, code: number): void {
    this.#failure ??= error;
    this.#leave({ phase: 'answered', upstream: undefined });
    resetStream(this.#options.stream, code);
  }

  /** Once the response is written and nobody reads the request any more, the client is told to stop sending. */
  #settle(): void {
    if (this.#state.phase !== 'answered' || this.#state.upstream) return;
    if (this.#response.isWritten && !this.#body.hasEnded) refuseRest(this.#options.stream);
  }

  /** The client reset the stream or is gone. */
  #abandoned(): void {
    const { upstream } = this;
    if (this.#state.phase === 'acquiring') this.#state.cancel();
    const isWhole = this.#state.phase === 'answered' && this.#body.hasEnded;
    this.#leave({ phase: 'over' });
    if (upstream && !isWhole)
      resetStream(upstream.stream, this.#options.stream.rstCode || constants.NGHTTP2_CANCEL);
  }

  #closed(): void {
    const { stalls, exchange, fields } = this.#options;
    const { isWritten, status, grpcStatus } = this.#response;
    stalls.remove(this);
    this.#abandoned();
    this.#edge?.over();
    const result = exchangeResult({ request: fields, failure: this.#failure, isWritten, status, grpcStatus });
    exchange.end(this.#given ?? result);
  }

  #leave(next: State): void {
    if (this.#state.phase === 'sent') clearTimeout(this.#state.timer);
    this.#state = next;
  }
}
