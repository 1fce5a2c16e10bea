import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ExchangeResult } from '../../exchange/exchange.ts';
import { PROXY_ERRORS, ProxyError } from '../../proxy-error.ts';
import { localReply, type LocalReply } from '../local-reply.ts';
import { resetSocket } from '../reset-socket.ts';
import { lingerWhenDone } from './linger-close.ts';
import { isBodyPending } from './request-body.ts';
import { headText } from './response-head.ts';
import { sendLocalReply } from './send-local-reply.ts';

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

/** A final head as the upstream gave it. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  /** The fields to write, flat; may throw what is wrong with those of the upstream. */
  fields(options: { readonly allowsChunks: boolean; readonly closes: boolean }): string[];
}

/** The client's side of one HTTP/1 request: what it gets, and what that is recorded as. */
export class ClientAnswer {
  readonly #down: Downstream;
  readonly #isDraining: () => boolean;
  #result: ExchangeResult | undefined;
  #isSwitched = false;

  constructor(down: Downstream, isDraining: () => boolean) {
    this.#down = down;
    this.#isDraining = isDraining;
  }

  /** Everything was handed to the connection. */
  get isWritten(): boolean {
    return this.#down.response.writableFinished;
  }

  interim(status: number, reason: string, fields: readonly string[]): void {
    this.#down.socket.write(headText(status, reason, fields), 'latin1');
  }

  /** Writes the head; what is wrong with it, where it cannot be written. */
  begin(head: AnswerHead): ProxyError | undefined {
    const { response, request, socket } = this.#down;
    const isPending = isBodyPending(request);
    const closes = this.#mustClose(isPending);
    try {
      if (head.status < 200) throw new Error(`a final response cannot have the status ${head.status}`);
      const fields = head.fields({ allowsChunks: request.httpVersionMinor > 0, closes });
      response.sendDate = false;
      response.removeHeader('connection');
      response.writeHead(head.status, head.reason, fields);
    } catch (cause) {
      return malformedHead(cause);
    }
    if (isPending) lingerWhenDone(socket);
    return undefined;
  }

  /** Answers with an error; nothing of a response was sent yet. */
  refuse(error: ProxyError): void {
    this.#send(localReply(error), error);
  }

  /** Answers with a reply that is none of an error. */
  give(reply: LocalReply): void {
    this.#send(reply, undefined);
  }

  /** Everything of the body was written. */
  complete(): void {
    this.#result = { status: this.#down.response.statusCode };
    this.#down.response.end();
  }

  /** The rest of a response cannot be had: the client must not take what it has for the whole. */
  truncate(error: ProxyError): void {
    this.#result = { status: this.#down.response.statusCode, error };
    resetSocket(this.#down.socket);
  }

  /** The connection is no longer HTTP. */
  switchTo(status: number, reason: string, fields: readonly string[]): void {
    this.#isSwitched = true;
    this.#result = { status };
    this.#down.socket.write(headText(status, reason, fields), 'latin1');
  }

  /** To be asked when the response's stream is closed. */
  outcome(): ExchangeResult {
    const { response } = this.#down;
    const isAbandoned = !this.isWritten && !this.#isSwitched && this.#result?.error === undefined;
    return isAbandoned ? ABANDONED : (this.#result ?? { status: response.statusCode });
  }

  #send(reply: LocalReply, error: ProxyError | undefined): void {
    const { request, response, socket } = this.#down;
    this.#result = error === undefined ? { status: reply.status } : { status: reply.status, error };
    if (response.destroyed || socket.destroyed) return;
    const isPending = isBodyPending(request);
    if (isPending) {
      lingerWhenDone(socket);
      request.resume();
    }
    sendLocalReply(response, reply, { closes: this.#mustClose(isPending) });
  }

  #mustClose(isPending: boolean): boolean {
    const { response, socket, upgradeHead, isLast } = this.#down;
    if (isPending || upgradeHead !== undefined || !response.shouldKeepAlive) return true;
    return (socket.readableEnded && isLast()) || this.#isDraining();
  }
}

const ABANDONED: ExchangeResult = {
  status: PROXY_ERRORS['downstream-closed'].http,
  error: new ProxyError(
    'downstream-closed',
    'The client closed the connection before the response was complete.',
  ),
};

export function malformedHead(cause: unknown): ProxyError {
  if (cause instanceof ProxyError) return cause;
  return new ProxyError('upstream-malformed', "The upstream's response head is not valid.", { cause });
}
