import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { ProxyError } from '../../proxy-error.ts';
import type { EdgeWork } from '../edge/edge-work.ts';
import { ClientAnswer, type Downstream } from '../http/client-answer.ts';
import { edgeWork, plainRequest } from '../http/edge-of-request.ts';
import type { Decided, ForwardContext } from '../http/forward.ts';
import type { Carrier } from '../http/session.ts';
import { readFailure } from '../http2/upstream-failure.ts';
import { http2Fields } from '../http2/plain-fields.ts';
import type { CancelWaiting, SessionPool } from '../http2/session-pool.ts';
import { onEndOfStream } from '../http2/end-of-stream.ts';
import type { UpstreamSession } from '../http2/upstream-session.ts';
import type { PlainRequest } from '../plain-request.ts';
import { Http2Response } from './http2-response.ts';
import { MessageBody } from './message-body.ts';
import { resetStream } from '../http2/reset-stream.ts';

export interface ToHttp2Options {
  readonly context: ForwardContext;
  readonly down: Downstream;
  readonly decided: Decided;
  readonly pool: SessionPool;
}

interface Upstream {
  readonly session: UpstreamSession;
  readonly stream: ClientHttp2Stream;
  /** END_STREAM came: its response is whole. */
  isComplete: boolean;
}

/** How often a request that a departing connection disowned is sent to the same endpoint again before others are asked. */
const REPEATS = 5;
const MAX_INTERIM = 64;

/** Carries one request of an HTTP/1 client to an upstream that speaks HTTP/2, and its response back. */
export class Http1ToHttp2 implements Carrier {
  readonly #options: ToHttp2Options;
  readonly #request: PlainRequest;
  readonly #answer: ClientAnswer;
  readonly #body: MessageBody;
  readonly #edge: EdgeWork | undefined;
  #phase: 'waiting' | 'answering' | 'over' = 'waiting';
  #cancel: CancelWaiting | undefined;
  #upstream: Upstream | undefined;
  #response: Http2Response | undefined;
  #repeats = 0;
  #interim = 0;
  /** When the wait for the response's head is over, on the clock of `performance.now`. */
  #deadline = Infinity;

  constructor(options: ToHttp2Options) {
    this.#options = options;
    const { context, down, decided } = options;
    this.#request = plainRequest(down.request, decided);
    this.#answer = new ClientAnswer(down, () => context.isDraining());
    const edge = edgeWork(down, decided, {
      mirrors: context.mirrors,
      timedOut: (error) => this.#timedOut(error),
      tooLarge: (error) => this.abort(error),
    });
    this.#edge = edge;
    this.#body = new MessageBody({
      source: down.request,
      isEmpty: this.#request.isEmpty,
      ...(edge === undefined ? {} : { chunk: (bytes) => edge.chunk(bytes) }),
      sent: () => this.#sent(),
    });
    down.response.on('close', () => this.#closed());
  }

  start(): void {
    const { exchange } = this.#options.decided;
    if (exchange.refusal !== undefined) return this.#refuse(exchange.refusal);
    if (exchange.edge?.reply !== undefined) {
      this.#phase = 'over';
      return this.#answer.give(exchange.edge.reply);
    }
    const tooLarge = this.#edge?.refuses(this.#options.down.request.headers['content-length']);
    if (tooLarge !== undefined) return this.#refuse(tooLarge);
    this.#edge?.begin();
    this.#acquire();
  }

  abort(error: ProxyError): void {
    if (this.#phase === 'waiting') this.#refuse(error);
    else if (this.#phase === 'answering') this.#truncate(error);
  }

  checkDeadline(now: number): void {
    if (this.#phase !== 'waiting' || now < this.#deadline) return;
    this.#refuse(new ProxyError('response-timeout', 'The upstream did not answer in time.'));
  }

  #acquire(): void {
    const { exchange } = this.#options.decided;
    this.#edge?.attempt();
    this.#upstream = undefined;
    const cancel = this.#options.pool.acquire(exchange.target, {
      timeoutMs: exchange.edge?.connectTimeoutMs || undefined,
      ready: (session) => this.#send(session),
      failed: (error) => this.#again(error),
    });
    if (this.#phase === 'waiting' && this.#upstream === undefined) this.#cancel = cancel;
  }

  #send(session: UpstreamSession): void {
    this.#cancel = undefined;
    let stream: ClientHttp2Stream | undefined;
    try {
      const fields = http2Fields(this.#request, this.#options.decided.exchange.requestEdits);
      stream = session.open(fields, { endStream: this.#request.isEmpty });
    } catch (cause) {
      const message = `The head cannot be sent on: ${String(cause)}`;
      return this.#refuse(new ProxyError('malformed-request', message, { cause }));
    }
    if (stream === undefined) this.#acquire();
    else this.#listen({ session, stream, isComplete: false });
  }

  #listen(upstream: Upstream): void {
    const { stream } = upstream;
    this.#upstream = upstream;
    stream.on('error', () => {
      // Its `close` follows and says all.
    });
    stream.on('headers', (headers: IncomingHttpHeaders, _flags: number, raw?: string[]) =>
      this.#informed(Number(headers[':status']), raw ?? []),
    );
    stream.on('response', (headers: IncomingHttpHeaders, flags: number, raw?: string[]) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      this.#responded(upstream, { status: Number(headers[':status']), raw: raw ?? [], endStream });
    });
    stream.on('trailers', (_headers: IncomingHttpHeaders, _flags: number, raw?: string[]) =>
      this.#response?.keepTrailers(raw ?? []),
    );
    stream.on('close', () => this.#upstreamClosed(upstream));
    onEndOfStream(stream, () => {
      upstream.isComplete = true;
      this.#response?.complete();
    });
    this.#body.sendTo(stream);
  }

  #informed(status: number, raw: readonly string[]): void {
    if (this.#phase !== 'waiting') return;
    this.#interim += 1;
    const { request, response } = this.#options.down;
    if (this.#interim > MAX_INTERIM) {
      this.#refuse(new ProxyError('upstream-malformed', 'The upstream sends interim responses without end.'));
    } else if (request.httpVersionMinor > 0) {
      if (status === 100) response.writeContinue();
      else this.#answer.interim(status, '', raw.slice(2));
    }
  }

  #responded(
    upstream: Upstream,
    head: { readonly status: number; readonly raw: readonly string[]; readonly endStream: boolean },
  ): void {
    if (this.#phase !== 'waiting') return;
    const { exchange } = this.#options.decided;
    const response = new Http2Response({
      ...head,
      source: upstream.stream,
      isComplete: upstream.isComplete,
      down: this.#options.down,
      edits: exchange.responseEdits,
      received: () => this.#complete(),
      truncated: (error) => this.#truncate(error),
    });
    const error = response.begin(this.#answer);
    if (error !== undefined) return this.#refuse(error);
    this.#phase = 'answering';
    this.#response = response;
    this.#edge?.answered();
    exchange.responded(head.status);
    response.follow();
  }

  #upstreamClosed(upstream: Upstream): void {
    if (this.#upstream !== upstream || this.#phase === 'over') return;
    const { session, stream, isComplete } = upstream;
    if (this.#phase === 'answering' && isComplete) return;
    const failure = readFailure(session, stream, this.#body.isUntouched);
    if (this.#phase === 'answering') return this.#truncate(failure.error);
    this.#body.detach();
    const isRepeat = failure.kind === 'disowned' && failure.error.retryable && this.#repeats < REPEATS;
    if (!isRepeat) return this.#again(failure.error);
    this.#repeats += 1;
    this.#acquire();
  }

  #again(error: ProxyError): void {
    if (error.retryable && this.#options.decided.exchange.retry(error)) this.#acquire();
    else this.#refuse(error);
  }

  #timedOut(error: ProxyError): void {
    if (this.#phase !== 'waiting' || !error.retryable || !this.#options.decided.exchange.retry(error))
      return this.abort(error);
    this.#dropUpstream();
    this.#acquire();
  }

  #sent(): void {
    const { responseTimeoutMs } = this.#options.context;
    this.#edge?.sent();
    if (responseTimeoutMs > 0 && this.#edge?.hasTimes !== true)
      this.#deadline = performance.now() + responseTimeoutMs;
  }

  #refuse(error: ProxyError): void {
    this.#phase = 'over';
    this.#dropUpstream();
    this.#answer.refuse(error);
  }

  #complete(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#answer.complete();
    if (this.#body.hasEnded) return;
    this.#dropUpstream();
    this.#options.down.request.resume();
  }

  #truncate(error: ProxyError): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#dropUpstream();
    this.#answer.truncate(error);
  }

  #dropUpstream(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#body.detach();
    if (upstream) resetStream(upstream.stream, constants.NGHTTP2_CANCEL);
  }

  #closed(): void {
    this.#phase = 'over';
    this.#edge?.over();
    if (!this.#answer.isWritten) this.#dropUpstream();
    this.#options.decided.exchange.end(this.#answer.outcome());
  }
}
