import type { Exchange, ExchangeResult } from '../../exchange/exchange.ts';
import { PROXY_ERRORS, ProxyError } from '../../proxy-error.ts';
import { upstreamError } from '../http/upstream-error.ts';
import { localReply, type LocalReply } from '../local-reply.ts';
import { isRepeatable } from '../plain-request.ts';
import { resetSocket } from '../reset-socket.ts';
import { changedHead } from './changed-head.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Http1Context } from './context.ts';
import { replyText } from './reply-text.ts';
import type { ResponseRelay } from './response-relay.ts';
import type { UpstreamConnection, UpstreamUser } from './upstream-connection.ts';
import { writePiece } from './write-piece.ts';

/** Where idle connections are found closed, so often; a new one that is closed counts for all. */
const MAX_REPLAYS = 2;

/** One plain request on its way: attempts until a final head comes, then the response, then one `end`. */
export class PlainForward implements UpstreamUser {
  readonly #context: Http1Context;
  readonly #client: ClientConnection;
  readonly #exchange: Exchange;
  readonly #response: ResponseRelay;
  #upstream: UpstreamConnection | undefined;
  #phase: 'connecting' | 'waiting' | 'responding' | 'flushing' | 'over' = 'connecting';
  /** How often it may be sent again though it is not known that nobody received it. */
  #replays: number;
  /** When the wait for the response's head is over, on the clock of `performance.now`. */
  #deadlineMs = Infinity;
  /** The upstream takes no more for now. */
  isFull = false;

  constructor(context: Http1Context, client: ClientConnection, exchange: Exchange) {
    this.#context = context;
    this.#client = client;
    this.#exchange = exchange;
    const { request, body } = client;
    this.#replays = isRepeatable({ method: request.method, isEmpty: body.state === 'done' })
      ? MAX_REPLAYS
      : 0;
    this.#response = client.response;
    this.#response.expect(exchange, request.method === 'HEAD');
  }

  /** The upstream has the head, and gets the body as it comes. */
  get isSending(): boolean {
    return this.#phase === 'waiting' || this.#phase === 'responding';
  }

  start(): void {
    const { refusal } = this.#exchange;
    if (refusal === undefined) this.#attempt();
    else this.#refuse(refusal);
  }

  /** Called now and then for each request: one timer serves them all. */
  checkDeadline(nowMs: number): void {
    if (this.#phase !== 'waiting' || nowMs < this.#deadlineMs) return;
    this.#refuse(new ProxyError('response-timeout', 'The upstream did not answer in time.'));
  }

  /** Ends the request because the rest of it can no longer be read. */
  abort(error: ProxyError): void {
    if (this.#phase === 'connecting' || this.#phase === 'waiting') this.#refuse(error);
    else if (this.#phase === 'responding') this.#truncate(error);
  }

  /** The client is gone. */
  abandoned(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#upstream?.reset();
    this.#exchange.end(ABANDONED);
  }

  clientDrained(): void {
    if (this.#phase === 'responding') this.#upstream?.socket.resume();
  }

  connected(): void {
    this.#send();
    this.#client.regulate();
  }

  drained(): void {
    this.isFull = false;
    this.#client.regulate();
  }

  /** More of the request's body is there. */
  bodyArrived(): void {
    if (this.isSending && this.#client.body.state === 'more') this.#sendBody('');
  }

  received(bytes: Buffer): void {
    const outcome = this.#response.take(bytes);
    if (this.#response.status !== 0) this.#phase = 'responding';
    if (typeof outcome === 'object') this.#fail(outcome);
    else if (outcome === 'complete') this.#complete(this.#response.leavesConnection);
    else if (this.#response.isAhead) this.#upstream?.socket.pause();
  }

  lost(cause: unknown): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (this.#phase === 'responding') {
      if (cause === undefined && this.#response.endWithConnection()) this.#complete(false);
      else this.#truncate(truncation(cause));
      return;
    }
    const error = upstreamError(cause);
    if (this.#replays > 0 && !this.#response.hasInformed && error.code === 'upstream-reset') {
      this.#replays -= upstream?.isUsed === true ? 1 : MAX_REPLAYS;
      this.#context.pool.dropIdle(this.#exchange.target);
      this.#attempt();
    } else if (error.retryable && this.#exchange.retry(error)) this.#attempt();
    else this.#refuse(error);
  }

  #attempt(): void {
    this.#phase = 'connecting';
    this.isFull = false;
    this.#response.begin();
    const upstream = this.#context.pool.take(this.#exchange.target, this);
    this.#upstream = upstream;
    if (upstream.isUsed) this.#send();
  }

  #send(): void {
    this.#phase = 'waiting';
    const { request } = this.#client;
    const changes = { edits: this.#exchange.requestEdits, dropped: request.dropped };
    const head = `${changedHead(request.fields, 0, changes)}\r\n`;
    if (this.#client.body.state === 'more') return this.#sendBody(head);
    this.#upstream?.socket.write(head, 'latin1');
    this.#startWaiting();
  }

  /** Sends `head` and what is here of the body. */
  #sendBody(head: string): void {
    const client = this.#client;
    const { body, bytes } = client;
    const { rest } = bytes;
    body.scan(rest, 0);
    const upstream = this.#upstream;
    const tail = body.state === 'done' ? body.tail : '';
    const takesMore =
      upstream === undefined ||
      writePiece(upstream.socket, { head, bytes: rest, from: 0, to: body.sendTo, tail });
    bytes.took(body.takenTo);
    if (body.state === 'done') return this.#startWaiting();
    if (body.state === 'bad') {
      this.abort(new ProxyError('malformed-request', "The request's chunks are not valid HTTP/1."));
    } else this.isFull = !takesMore;
  }

  #startWaiting(): void {
    const { responseTimeoutMs } = this.#context.limits;
    if (responseTimeoutMs > 0) this.#deadlineMs = this.#context.nowMs() + responseTimeoutMs;
  }

  #fail(error: ProxyError): void {
    if (this.#phase === 'responding') this.#truncate(error);
    else this.#refuse(error);
  }

  #refuse(error: ProxyError): void {
    this.#upstream?.close();
    this.#upstream = undefined;
    this.#answer(localReply(error), { status: PROXY_ERRORS[error.code].http, error });
  }

  #answer(reply: LocalReply, result: ExchangeResult): void {
    const { socket, request } = this.#client;
    const closes = reply.closes || this.#response.mustClose();
    socket.write(replyText(reply, { closes, isHead: request.method === 'HEAD' }), 'utf8');
    this.#finish(result, closes);
  }

  #truncate(error: ProxyError): void {
    this.#phase = 'over';
    this.#upstream?.close();
    const { socket } = this.#client;
    resetSocket(socket);
    this.#exchange.end({ status: this.#response.status, error });
  }

  #complete(leavesConnection: boolean): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    const isSent = this.#client.body.state === 'done';
    if (upstream !== undefined) {
      if (leavesConnection && isSent) this.#context.pool.give(upstream, this.#response.announcedMs);
      else upstream.close();
    }
    this.#finish({ status: this.#response.status }, this.#response.closes);
  }

  /** Ends the exchange when everything was handed to the client's connection. */
  #finish(result: ExchangeResult, closes: boolean): void {
    this.#phase = 'flushing';
    const { socket } = this.#client;
    if (socket.writableLength === 0) this.#end(result, closes);
    else {
      // Where that fails the client is gone, which its `close` tells.
      socket.write('', (error) => {
        if (!error) this.#end(result, closes);
      });
    }
  }

  #end(result: ExchangeResult, closes: boolean): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#exchange.end(result);
    this.#client.finished(closes ? 'closing' : 'kept');
  }
}

const ABANDONED: ExchangeResult = {
  status: PROXY_ERRORS['downstream-closed'].http,
  error: new ProxyError(
    'downstream-closed',
    'The client closed the connection before the response was complete.',
  ),
};

function truncation(cause: unknown): ProxyError {
  return new ProxyError('upstream-truncated', 'The upstream broke off in the middle of its response.', {
    cause,
  });
}
