import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHandler } from '../../exchange/exchange.ts';
import type { Connection } from '../../listen/connection.ts';
import { ProxyError } from '../../proxy-error.ts';
import { parseConnectTarget } from './authority.ts';
import type { Downstream } from './client-answer.ts';
import { Forward, type Decided, type ForwardContext } from './forward.ts';
import { lingerClose, lingerWhenDone } from './linger-close.ts';
import { announcesBody, isBodyPending } from './request-body.ts';
import { mayUpgrade } from './may-upgrade.ts';
import { readRequestHead, type CheckedHead } from './request-head.ts';
import { localReply } from '../local-reply.ts';
import { sendLocalReply, writeLocalReply } from './send-local-reply.ts';

/** With this many pipelined requests waiting, no more are read. */
const MAX_WAITING = 32;

/** Carries one request upstream and its response back. */
export interface Carrier {
  start(): void;
  /** Ends the request because the rest of it can no longer be read. */
  abort(error: ProxyError): void;
  /** Called now and then for each request: one timer serves them all. */
  checkDeadline(now: number): void;
}

/** Carries requests to upstreams that are spoken to in HTTP/2. */
export type ToHttp2 = (context: ForwardContext, down: Downstream, decided: Decided) => Carrier;

export interface SessionContext extends ForwardContext {
  readonly handler: RequestHandler;
  /** Absent: every upstream speaks HTTP/1. */
  readonly toHttp2?: ToHttp2 | undefined;
  onTunnel(socket: Socket, connection: Connection): void;
  warn(message: string, cause: unknown): void;
}

/** One downstream connection: its requests one after the other, whatever was pipelined. */
export class Session {
  readonly #context: SessionContext;
  readonly #socket: Socket;
  readonly #connection: Connection;
  #current: Downstream | undefined;
  #forward: Carrier | undefined;
  #waiting: Downstream[] = [];
  /** What is wrong with the bytes after the current request: told once that is answered. */
  #broken: ProxyError | undefined;
  /** The current request waits for its destination to be known. */
  #isPreparing = false;
  /** Nothing more is taken from this connection. */
  #isClosing = false;

  constructor(context: SessionContext, socket: Socket, connection: Connection) {
    this.#context = context;
    this.#socket = socket;
    this.#connection = connection;
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    this.#receive({ request, response, socket: this.#socket, upgradeHead: undefined, isLast: this.#isLast });
  }

  /** A request after which the connection is no longer HTTP; Node has let go of it and made no response. */
  upgrade(request: IncomingMessage, head: Buffer): void {
    const response = new ServerResponse(request);
    const socket = this.#socket;
    this.#receive({ request, response, socket, upgradeHead: head, isLast: this.#isLast });
    // Node no longer tells responses before this one that the connection can take more.
    socket.on('drain', () => this.#current?.response.emit('drain'));
  }

  checkDeadline(now: number): void {
    this.#forward?.checkDeadline(now);
  }

  /** The bytes on the connection are no (further) valid request. */
  broken(error: ProxyError): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    // The requests before the broken bytes are whole and get their answers; one whose body they are in was never begun.
    this.#waiting = this.#waiting.filter((down) => !isBodyPending(down.request));
    lingerWhenDone(this.#socket);
    if (this.#current === undefined) this.#rejectBytes(error);
    else if (isBodyPending(this.#current.request) && !this.#isPreparing) this.#forward?.abort(error);
    else this.#broken = error;
  }

  readonly #isLast = (): boolean => this.#waiting.length === 0;

  #receive(down: Downstream): void {
    if (this.#isClosing) {
      down.request.resume();
    } else if (this.#current === undefined) {
      this.#begin(down);
    } else {
      this.#waiting.push(down);
      if (this.#waiting.length >= MAX_WAITING) this.#socket.pause();
    }
  }

  #begin(down: Downstream): void {
    this.#current = down;
    if (down.upgradeHead !== undefined) this.#assign(down.response);
    try {
      const checked = readRequestHead(down.request, this.#connection);
      if (down.upgradeHead !== undefined) checkUpgrade(down.request);
      if (this.#isTunnel(down.request)) this.#tunnel(down, checked);
      else this.#start(down, checked);
    } catch (cause) {
      this.#rejectRequest(down, this.#asProxyError(cause));
    }
    down.response.on('close', this.#next);
  }

  #start(down: Downstream, checked: CheckedHead): void {
    const prepared = this.#context.handler.prepare?.(checked.head, this.#connection);
    if (prepared === undefined) return this.#forwardTo(down, checked);
    this.#isPreparing = true;
    void prepared.then(() => this.#resume(down, checked));
  }

  /** The client may have gone meanwhile, or sent bytes that are no request. */
  #resume(down: Downstream, checked: CheckedHead): void {
    if (this.#current !== down) return;
    this.#isPreparing = false;
    const broken = isBodyPending(down.request) ? this.#broken : undefined;
    // The end of this request is told before the next one begins.
    down.response.off('close', this.#next);
    try {
      if (broken === undefined) this.#forwardTo(down, checked);
      else this.#rejectRequest(down, broken);
    } catch (cause) {
      this.#rejectRequest(down, this.#asProxyError(cause));
    }
    down.response.on('close', this.#next);
  }

  #forwardTo(down: Downstream, checked: CheckedHead): void {
    const exchange = this.#context.handler.begin(checked.head, this.#connection);
    this.#forward = this.#carrier(down, { checked, exchange });
    this.#forward.start();
  }

  /** What asks for another protocol can only be asked in this one. */
  #carrier(down: Downstream, decided: Decided): Carrier {
    const { toHttp2 } = this.#context;
    const isBridged = decided.exchange.edge?.upstreamProtocol === 'h2' && down.upgradeHead === undefined;
    if (isBridged && toHttp2 !== undefined) return toHttp2(this.#context, down, decided);
    return new Forward(this.#context, down, decided);
  }

  readonly #next = (): void => {
    this.#current = undefined;
    this.#forward = undefined;
    this.#isPreparing = false;
    if (!this.#socket.writable) {
      // The response said so: what was pipelined behind it is not answered.
      this.#isClosing = true;
      this.#waiting = [];
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) {
      if (this.#broken !== undefined) this.#rejectBytes(this.#broken);
      return;
    }
    if (this.#waiting.length === MAX_WAITING - 1) this.#socket.resume();
    this.#begin(next);
  };

  /** Gives a response that Node did not make its connection, and closes that after it. */
  #assign(response: ServerResponse): void {
    const socket = this.#socket;
    socket.setTimeout(0);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => lingerClose(socket));
  }

  #isTunnel(request: IncomingMessage): boolean {
    const { direction, destination } = this.#connection;
    return request.method === 'CONNECT' && direction === 'outbound' && destination === undefined;
  }

  #tunnel(down: Downstream, checked: CheckedHead): void {
    const destination = parseConnectTarget(checked.head.authority);
    if (destination === undefined) {
      throw new ProxyError('malformed-request', 'CONNECT needs a host and a port.');
    }
    const socket = this.#socket;
    down.response.detachSocket(socket);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (down.upgradeHead !== undefined && down.upgradeHead.length > 0) socket.unshift(down.upgradeHead);
    this.#context.onTunnel(socket, { ...this.#connection, destination });
  }

  #rejectRequest(down: Downstream, error: ProxyError): void {
    this.#isClosing = true;
    this.#waiting = [];
    this.#context.handler.malformed(error, this.#connection);
    lingerWhenDone(this.#socket);
    down.request.resume();
    if (!down.response.headersSent) sendLocalReply(down.response, localReply(error), { closes: true });
  }

  #rejectBytes(error: ProxyError): void {
    this.#context.handler.malformed(error, this.#connection);
    writeLocalReply(this.#socket, error);
    lingerClose(this.#socket);
  }

  #asProxyError(cause: unknown): ProxyError {
    if (cause instanceof ProxyError) return cause;
    this.#context.warn('A request failed inside the proxy.', cause);
    return new ProxyError('internal', 'The request failed inside the proxy.', { cause });
  }
}

/** A body before the change of protocol would be read as the first bytes after it. */
function checkUpgrade(request: IncomingMessage): void {
  const isAllowed = request.method === 'CONNECT' ? !announcesBody(request) : mayUpgrade(request);
  if (isAllowed) return;
  throw new ProxyError(
    'unsupported-framing',
    'This request to change the protocol cannot be carried out here.',
  );
}
