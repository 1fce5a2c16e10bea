import type { ClientRequest, IncomingMessage, InformationEvent, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange, ExchangeResult } from '../../exchange/exchange.ts';
import { PROXY_ERRORS, ProxyError } from '../../proxy-error.ts';
import { resetSocket } from '../reset-socket.ts';
import { lingerWhenDone } from './linger-close.ts';
import { relayResponseBody } from './relay-response-body.ts';
import { relayStreams } from './relay-streams.ts';
import { announcesBody, isBodyPending, sendBody } from './request-body.ts';
import type { CheckedHead } from './request-head.ts';
import { requestHeaders } from './request-headers.ts';
import {
  bodilessHeaders,
  choosesOffered,
  headText,
  responseHeaders,
  switchHeaders,
} from './response-head.ts';
import { sendLocalReply } from './send-local-reply.ts';
import type { UpstreamCaller, UpstreamListener } from './upstream-call.ts';
import { upstreamError } from './upstream-error.ts';
import type { UpstreamPool } from './upstream-pool.ts';

/** More interim responses than this to one request are an attack. */
const MAX_INTERIM = 64;

/** Where idle connections are found closed, so often; a new one that is closed counts for all. */
const MAX_REPLAYS = 2;
/** Methods that may be sent again when it is unknown whether they were received (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

export interface ForwardContext {
  readonly caller: UpstreamCaller;
  readonly pool: UpstreamPool;
  /** From the end of the request to the head of the response; 0 is no limit. */
  readonly responseTimeoutMs: number;
  isDraining(): boolean;
}

/** A request as it came, and where its response goes. */
export interface Downstream {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** The first bytes after the head of a request that asks for another protocol; undefined for any other request. */
  readonly upgradeHead: Buffer | undefined;
  /** No further request has come on the connection. */
  isLast(): boolean;
}

export interface Decided {
  readonly checked: CheckedHead;
  readonly exchange: Exchange;
}

/** One request on its way: attempts until a final head comes, then the response, then one `end`. */
export class Forward implements UpstreamListener {
  readonly #context: ForwardContext;
  readonly #down: Downstream;
  readonly #decided: Decided;
  #phase: 'waiting' | 'responding' | 'over' = 'waiting';
  #upstream: ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #result: ExchangeResult | undefined;
  #interim = 0;
  /** How often it may be sent again though it is not known that nobody received it. */
  #replays: number;
  /** When the wait for the response's head is over, on the clock of `performance.now`. */
  #deadline = Infinity;

  constructor(context: ForwardContext, down: Downstream, decided: Decided) {
    this.#context = context;
    this.#down = down;
    this.#decided = decided;
    const isRepeatable = IDEMPOTENT.has(decided.checked.head.method) && !announcesBody(down.request);
    this.#replays = isRepeatable ? MAX_REPLAYS : 0;
    down.response.on('close', () => this.#closed());
  }

  start(): void {
    const { refusal } = this.#decided.exchange;
    if (refusal === undefined) this.#attempt();
    else this.#refuse(refusal);
  }

  /** Ends the request because the rest of it can no longer be read. */
  abort(error: ProxyError): void {
    if (this.#phase === 'waiting') this.#refuse(error);
    else if (this.#phase === 'responding') this.#truncate(error);
  }

  /** Called now and then for each request: one timer serves them all. */
  checkDeadline(now: number): void {
    if (this.#phase !== 'waiting' || now < this.#deadline) return;
    this.#refuse(new ProxyError('response-timeout', 'The upstream did not answer in time.'));
  }

  #startWaiting(): void {
    const { responseTimeoutMs } = this.#context;
    if (responseTimeoutMs > 0) this.#deadline = performance.now() + responseTimeoutMs;
  }

  #attempt(): void {
    const { request, socket, upgradeHead } = this.#down;
    const { head, target, hasRepeats } = this.#decided.checked;
    const edits = this.#decided.exchange.requestEdits;
    const isUpgrade = upgradeHead !== undefined;
    try {
      const headers = requestHeaders(request, { edits, hasRepeats, isUpgrade, authority: head.authority });
      const call = {
        target: this.#decided.exchange.target,
        method: head.method,
        path: target,
        headers,
        socket,
      };
      this.#context.caller.call(call, this);
    } catch (cause) {
      this.#refuse(
        new ProxyError('internal', 'The request could not be written for the upstream.', { cause }),
      );
    }
  }

  created(upstream: ClientRequest): void {
    const { request } = this.#down;
    this.#upstream = upstream;
    const { expect, trailer } = request.headers;
    if (expect !== undefined) upstream.setHeader('Expect', expect);
    if (!announcesBody(request)) {
      upstream.end();
      this.#startWaiting();
      return;
    }
    if (trailer !== undefined && request.headers['transfer-encoding'] !== undefined) {
      upstream.setHeader('Trailer', trailer);
    }
    sendBody(request, upstream, {
      sent: () => this.#startWaiting(),
      spoiled: (cause) =>
        this.abort(
          new ProxyError('malformed-request', 'A trailer field of the request is not valid.', { cause }),
        ),
    });
  }

  informed(information: InformationEvent): void {
    if (this.#phase !== 'waiting') return;
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM) {
      this.#refuse(new ProxyError('upstream-malformed', 'The upstream sends interim responses without end.'));
      return;
    }
    const { response, request, socket } = this.#down;
    if (request.httpVersionMinor === 0) return;
    if (information.statusCode === 100) {
      response.writeContinue();
      return;
    }
    try {
      const fields = responseHeaders(information, { edits: [], allowsChunks: false, closes: false });
      socket.write(headText(information.statusCode, information.statusMessage, fields), 'latin1');
    } catch (cause) {
      this.#refuse(malformedHead(cause));
    }
  }

  answered(upstream: IncomingMessage): void {
    if (this.#phase !== 'waiting' || !this.#writeHead(upstream)) {
      upstream.destroy();
      return;
    }
    this.#phase = 'responding';
    this.#answer = upstream;
    this.#decided.exchange.responded(upstream.statusCode ?? 0);
    relayResponseBody(upstream, this.#down.response, {
      complete: () => this.#complete(),
      truncated: (cause) => this.#truncate(truncation(cause)),
    });
  }

  switched(response: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.#phase !== 'waiting') {
      socket.destroy();
      return;
    }
    const { upgradeHead, request, socket: down } = this.#down;
    const isConnect = request.method === 'CONNECT';
    const status = response.statusCode ?? 0;
    if (isConnect && status >= 300) {
      socket.destroy();
      this.#declined(response);
      return;
    }
    const isMeant = isConnect ? status >= 200 : choosesOffered(response, request.headers.upgrade);
    if (upgradeHead === undefined || !isMeant) {
      socket.destroy();
      this.#refuse(
        new ProxyError('upstream-malformed', 'The upstream changed to a protocol that nobody asked for.'),
      );
      return;
    }
    this.#phase = 'responding';
    this.#decided.exchange.responded(status);
    this.#result = { status };
    const fields = switchHeaders(response, this.#decided.exchange.responseEdits);
    down.write(headText(status, response.statusMessage ?? '', fields), 'latin1');
    if (upgradeHead.length > 0) socket.write(upgradeHead);
    if (head.length > 0) down.write(head);
    relayStreams(down, socket);
  }

  /**
   * A CONNECT that the upstream does not take makes no tunnel: to carry what the client sends after it would hand the upstream
   * requests that nobody decided on. Node does not read the body of such a response, so it is told without one.
   */
  #declined(upstream: IncomingMessage): void {
    if (!this.#writeHead(upstream, { withoutBody: true })) return;
    this.#phase = 'responding';
    this.#decided.exchange.responded(upstream.statusCode ?? 0);
    this.#complete();
  }

  failed(cause: unknown, upstream: ClientRequest): void {
    if (upstream !== this.#upstream || this.#phase === 'over') return;
    if (this.#phase === 'responding') {
      // A close without an error is no news here, nor is an error after the last byte of the response.
      if (cause !== undefined && this.#answer?.complete !== true) this.#truncate(truncation(cause));
      return;
    }
    const error = upstreamError(cause);
    if (this.#isStaleConnection(error)) {
      this.#replays -= upstream.reusedSocket ? 1 : MAX_REPLAYS;
      this.#context.pool.dropIdle(this.#decided.exchange.target);
      this.#attempt();
    } else if (error.retryable && this.#decided.exchange.retry(error)) this.#attempt();
    else this.#refuse(error);
  }

  /**
   * A connection that the upstream closed without a word: an idle one, just when it was taken, or a new one that only its system
   * had accepted when it ended. The request is sent again: an application that has ended refuses that, and then others may be asked.
   */
  #isStaleConnection(error: ProxyError): boolean {
    return this.#replays > 0 && this.#interim === 0 && error.code === 'upstream-reset';
  }

  /** False: the response cannot be written, and the client was told so. */
  #writeHead(upstream: IncomingMessage, { withoutBody = false } = {}): boolean {
    const { response, request, socket } = this.#down;
    const status = upstream.statusCode ?? 0;
    const isPending = isBodyPending(request);
    const closes = this.#mustClose(isPending);
    try {
      if (status < 200) throw new Error(`a final response cannot have the status ${status}`);
      const edits = this.#decided.exchange.responseEdits;
      const allowsChunks = request.httpVersionMinor > 0;
      const received = responseHeaders(upstream, { edits, allowsChunks, closes });
      const fields = withoutBody ? bodilessHeaders(received) : received;
      response.sendDate = false;
      response.removeHeader('connection');
      response.writeHead(status, upstream.statusMessage ?? '', fields);
    } catch (cause) {
      this.#refuse(malformedHead(cause));
      return false;
    }
    if (isPending) lingerWhenDone(socket);
    return true;
  }

  #mustClose(isPending: boolean): boolean {
    const { response, socket, upgradeHead, isLast } = this.#down;
    if (isPending || upgradeHead !== undefined || !response.shouldKeepAlive) return true;
    return (socket.readableEnded && isLast()) || this.#context.isDraining();
  }

  /** Answers with an error; nothing of a response was sent yet. */
  #refuse(error: ProxyError): void {
    this.#phase = 'over';
    this.#upstream?.destroy();
    const { request, response, socket } = this.#down;
    if (response.destroyed || socket.destroyed) {
      this.#result = { status: PROXY_ERRORS[error.code].http, error };
      return;
    }
    const isPending = isBodyPending(request);
    if (isPending) {
      lingerWhenDone(socket);
      request.resume();
    }
    const status = sendLocalReply(response, error, { closes: this.#mustClose(isPending) });
    this.#result = { status, error };
  }

  #complete(): void {
    // Where the end of the connection ends the body, Node reports a reset first, and then a complete body.
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#result = { status: this.#down.response.statusCode };
    this.#down.response.end();
    if (this.#upstream?.writableEnded === false) {
      this.#upstream.destroy();
      this.#down.request.resume();
    }
  }

  /** The rest of a response cannot be had: the client must not take what it has for the whole. */
  #truncate(error: ProxyError): void {
    this.#phase = 'over';
    this.#result = { status: this.#down.response.statusCode, error };
    this.#upstream?.destroy();
    resetSocket(this.#down.socket);
  }

  /** By a reset: a sidecar behind would take an orderly end for one that still waits for its answer. */
  #abandonUpstream(): void {
    const socket = this.#upstream?.socket;
    if (socket) resetSocket(socket);
    this.#upstream?.destroy();
  }

  #closed(): void {
    const { response } = this.#down;
    const isSwitched = this.#phase === 'responding' && this.#result !== undefined;
    this.#phase = 'over';
    if (!response.writableFinished) {
      this.#abandonUpstream();
      if (!isSwitched && this.#result?.error === undefined) this.#result = ABANDONED;
    }
    this.#decided.exchange.end(this.#result ?? { status: response.statusCode });
  }
}

const ABANDONED: ExchangeResult = {
  status: PROXY_ERRORS['downstream-closed'].http,
  error: new ProxyError(
    'downstream-closed',
    'The client closed the connection before the response was complete.',
  ),
};

function malformedHead(cause: unknown): ProxyError {
  if (cause instanceof ProxyError) return cause;
  return new ProxyError('upstream-malformed', "The upstream's response head is not valid.", { cause });
}

function truncation(cause: unknown): ProxyError {
  return new ProxyError('upstream-truncated', 'The upstream broke off in the middle of its response.', {
    cause,
  });
}
