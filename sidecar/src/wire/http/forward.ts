import type { ClientRequest, IncomingMessage, InformationEvent } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from '../../exchange/exchange.ts';
import { ProxyError } from '../../proxy-error.ts';
import type { EdgeWork } from '../edge/edge-work.ts';
import type { Mirrors } from '../edge/copies.ts';
import { isRepeatable } from '../plain-request.ts';
import { resetSocket } from '../reset-socket.ts';
import { ClientAnswer, malformedHead, type Downstream } from './client-answer.ts';
import { edgeWork } from './edge-of-request.ts';
import { relayResponseBody } from './relay-response-body.ts';
import { relayStreams } from './relay-streams.ts';
import { announcesBody, sendBody } from './request-body.ts';
import type { CheckedHead } from './request-head.ts';
import { requestHeaders } from './request-headers.ts';
import { bodilessHeaders, choosesOffered, responseHeaders, switchHeaders } from './response-head.ts';
import type { UpstreamCaller, UpstreamListener } from './upstream-call.ts';
import { upstreamError } from './upstream-error.ts';
import type { UpstreamPool } from './upstream-pool.ts';

/** More interim responses than this to one request are an attack. */
const MAX_INTERIM = 64;

/** Where idle connections are found closed, so often; a new one that is closed counts for all. */
const MAX_REPLAYS = 2;

export interface ForwardContext {
  readonly caller: UpstreamCaller;
  readonly pool: UpstreamPool;
  /** From the end of the request to the head of the response; 0 is no limit. */
  readonly responseTimeoutMs: number;
  /** Absent: nothing is copied. */
  readonly mirrors?: Mirrors | undefined;
  isDraining(): boolean;
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
  readonly #answer: ClientAnswer;
  readonly #edge: EdgeWork | undefined;
  #upstream: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #interim = 0;
  /** How often it may be sent again though it is not known that nobody received it. */
  #replays: number;
  /** When the wait for the response's head is over, on the clock of `performance.now`. */
  #deadline = Infinity;

  constructor(context: ForwardContext, down: Downstream, decided: Decided) {
    this.#context = context;
    this.#down = down;
    this.#decided = decided;
    this.#answer = new ClientAnswer(down, () => context.isDraining());
    const isEmpty = !announcesBody(down.request);
    this.#replays = isRepeatable({ method: decided.checked.head.method, isEmpty }) ? MAX_REPLAYS : 0;
    this.#edge = edgeWork(down, decided, {
      mirrors: context.mirrors,
      timedOut: (error) => this.#timedOut(error),
      tooLarge: (error) => this.abort(error),
    });
    down.response.on('close', () => this.#closed());
  }

  start(): void {
    const { refusal, edge } = this.#decided.exchange;
    if (refusal !== undefined) return this.#refuse(refusal);
    if (edge?.reply !== undefined) {
      this.#phase = 'over';
      return this.#answer.give(edge.reply);
    }
    const tooLarge = this.#edge?.refuses(this.#down.request.headers['content-length']);
    if (tooLarge !== undefined) return this.#refuse(tooLarge);
    this.#edge?.begin();
    this.#attempt();
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

  #timedOut(error: ProxyError): void {
    if (this.#phase === 'waiting' && error.retryable && this.#decided.exchange.retry(error)) {
      this.#abandonUpstream();
      this.#attempt();
    } else this.abort(error);
  }

  #startWaiting(): void {
    const { responseTimeoutMs } = this.#context;
    this.#edge?.sent();
    if (responseTimeoutMs > 0 && this.#edge?.hasTimes !== true)
      this.#deadline = performance.now() + responseTimeoutMs;
  }

  #attempt(): void {
    const { request, socket, upgradeHead } = this.#down;
    const { head, target, hasRepeats } = this.#decided.checked;
    const { requestEdits, edge } = this.#decided.exchange;
    const isUpgrade = upgradeHead !== undefined;
    this.#edge?.attempt();
    try {
      const edits =
        edge?.authority === undefined
          ? requestEdits
          : [...requestEdits, { name: 'host', value: edge.authority }];
      const headers = requestHeaders(request, { edits, hasRepeats, isUpgrade, authority: head.authority });
      const call = {
        target: this.#decided.exchange.target,
        method: head.method,
        path: edge?.path ?? target,
        headers,
        connectTimeoutMs: edge?.connectTimeoutMs || undefined,
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
    const edge = this.#edge;
    sendBody(request, upstream, {
      ...(edge === undefined ? {} : { chunk: (bytes) => edge.chunk(bytes) }),
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
    const { response, request } = this.#down;
    if (request.httpVersionMinor === 0) return;
    if (information.statusCode === 100) {
      response.writeContinue();
      return;
    }
    try {
      const fields = responseHeaders(information, { edits: [], allowsChunks: false, closes: false });
      this.#answer.interim(information.statusCode, information.statusMessage, fields);
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
    this.#response = upstream;
    this.#edge?.answered();
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
    this.#edge?.switched();
    const fields = switchHeaders(response, this.#decided.exchange.responseEdits);
    this.#answer.switchTo(status, response.statusMessage ?? '', fields);
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
      if (cause !== undefined && this.#response?.complete !== true) this.#truncate(truncation(cause));
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
    const edits = this.#decided.exchange.responseEdits;
    const error = this.#answer.begin({
      status: upstream.statusCode ?? 0,
      reason: upstream.statusMessage ?? '',
      fields(options) {
        const received = responseHeaders(upstream, { edits, ...options });
        return withoutBody ? bodilessHeaders(received) : received;
      },
    });
    if (error !== undefined) this.#refuse(error);
    return error === undefined;
  }

  /** Answers with an error; nothing of a response was sent yet. */
  #refuse(error: ProxyError): void {
    this.#phase = 'over';
    this.#upstream?.destroy();
    this.#answer.refuse(error);
  }

  #complete(): void {
    // Where the end of the connection ends the body, Node reports a reset first, and then a complete body.
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#answer.complete();
    if (this.#upstream?.writableEnded === false) {
      this.#upstream.destroy();
      this.#down.request.resume();
    }
  }

  #truncate(error: ProxyError): void {
    this.#phase = 'over';
    this.#upstream?.destroy();
    this.#answer.truncate(error);
  }

  /** By a reset: a sidecar behind would take an orderly end for one that still waits for its answer. */
  #abandonUpstream(): void {
    const socket = this.#upstream?.socket;
    if (socket) resetSocket(socket);
    this.#upstream?.destroy();
  }

  #closed(): void {
    this.#phase = 'over';
    this.#edge?.over();
    if (!this.#answer.isWritten) this.#abandonUpstream();
    this.#decided.exchange.end(this.#answer.outcome());
  }
}

function truncation(cause: unknown): ProxyError {
  return new ProxyError('upstream-truncated', 'The upstream broke off in the middle of its response.', {
    cause,
  });
}
