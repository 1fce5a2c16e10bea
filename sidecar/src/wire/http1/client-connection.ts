import type { Socket } from 'node:net';
import type { Connection } from '../../listen/connection.ts';
import { ProxyError } from '../../proxy-error.ts';
import { lingerClose } from '../http/linger-close.ts';
import { BodyScanner } from './body-scanner.ts';
import { ClientBytes } from './client-bytes.ts';
import type { Http1Context } from './context.ts';
import { PlainForward } from './plain-forward.ts';
import { RequestReader } from './request-reader.ts';
import { errorText } from './reply-text.ts';
import { ResponseRelay } from './response-relay.ts';

/** A head in more pieces than this is for the slow driver: each piece means to read it again from its start. */
const MAX_PIECES = 16;

export interface ClientConnectionOptions {
  readonly context: Http1Context;
  readonly socket: Socket;
  readonly connection: Connection;
  /** What comes next is not plain: the connection is the callback's now, its unread bytes are back in the socket. */
  readonly handOver: (client: ClientConnection) => void;
  readonly closed: (client: ClientConnection) => void;
}

/** One client: its requests one after the other, whatever was pipelined. */
export class ClientConnection {
  readonly request = new RequestReader();
  readonly bytes: ClientBytes;
  readonly body: BodyScanner;
  readonly response: ResponseRelay;
  readonly #options: ClientConnectionOptions;
  #pieces = 0;
  #current: PlainForward | undefined;
  /** `asking`: the destination is being asked for. `closing`: nothing more is taken. */
  #phase: 'reading' | 'asking' | 'forwarding' | 'closing' = 'reading';
  #isLooping = false;
  /** Since when it waits for a head, on the clock of `performance.now`. */
  #waitsSinceMs: number;

  constructor(options: ClientConnectionOptions) {
    const { context, socket } = options;
    this.#options = options;
    this.bytes = new ClientBytes(socket);
    this.body = new BodyScanner(context.limits.maxHeadBytes);
    this.response = new ResponseRelay(context, this);
    this.#waitsSinceMs = context.nowMs();
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
  }

  get socket(): Socket {
    return this.#options.socket;
  }

  /** To be called when something has changed of what is awaited from the client. */
  regulate(): void {
    this.bytes.flow({ takesBytes: this.#takesBytes(), isFull: this.#current?.isFull === true });
  }

  /** Neither a request nor a part of one is here. */
  get isIdle(): boolean {
    return this.#phase === 'reading' && !this.bytes.isAhead;
  }

  /** The current request is over; `closing`: the client knows that it was the last. */
  finished(connection: 'kept' | 'closing'): void {
    this.#current = undefined;
    if (connection === 'closing') return this.#close();
    this.#phase = 'reading';
    this.#waitsSinceMs = this.#options.context.nowMs();
    if (!this.bytes.isEmpty) this.#readRequests();
    else if (this.bytes.isOver) this.socket.end();
    this.regulate();
  }

  /** Called now and then. */
  checkTimes(nowMs: number): void {
    if (this.#phase === 'forwarding') return this.#current?.checkDeadline(nowMs);
    if (this.#phase !== 'reading') return;
    const { headTimeoutMs, idleTimeoutMs } = this.#options.context.limits;
    const waitsMs = nowMs - this.#waitsSinceMs;
    if (!this.bytes.isEmpty) {
      if (waitsMs < headTimeoutMs) return;
      this.#reject(new ProxyError('head-timeout', 'The request head did not come in time.'));
    } else if (waitsMs >= idleTimeoutMs) this.socket.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase === 'closing') return;
    if (this.isIdle) this.#waitsSinceMs = this.#options.context.nowMs();
    this.bytes.add(bytes);
    if (this.#phase === 'reading') this.#readRequests();
    else this.#current?.bodyArrived();
    if (!this.bytes.isEmpty && !this.#takesBytes()) this.bytes.putBack();
    this.regulate();
  };

  readonly #onDrain = (): void => this.#current?.clientDrained();

  readonly #onEnd = (): void => {
    this.bytes.hasEnded = true;
    const isBroken = this.#phase === 'forwarding' ? this.body.state === 'more' : !this.bytes.isEmpty;
    const error = new ProxyError('malformed-request', 'The request ended before it was complete.');
    if (this.#phase === 'forwarding' && isBroken) this.#current?.abort(error);
    else if (this.#phase === 'reading' && isBroken) this.#reject(error);
    else if (this.#phase === 'reading') this.socket.end();
  };

  readonly #onClose = (): void => {
    this.#phase = 'closing';
    this.#current?.abandoned();
    this.#current = undefined;
    this.#options.closed(this);
  };

  /** Whether what comes now is part of a head, or of the body that is being sent; or nothing that anybody wants. */
  #takesBytes(): boolean {
    if (this.#phase === 'reading' || this.#phase === 'closing') return true;
    return this.#current?.isSending === true && this.body.state === 'more';
  }

  /** Begins what has come whole, one after the other. */
  #readRequests(): void {
    // What is answered here is over before it has begun elsewhere.
    if (this.#isLooping) return;
    this.#isLooping = true;
    while (this.#phase === 'reading' && !this.bytes.isEmpty && this.#readOne());
    this.#isLooping = false;
  }

  /** False: more has to come, or somebody else goes on. */
  #readOne(): boolean {
    const reading = this.request.read(this.bytes.rest);
    const { maxHeadBytes } = this.#options.context.limits;
    if (reading === 'more') {
      this.#pieces += 1;
      if (this.#pieces > MAX_PIECES || this.bytes.rest.length > maxHeadBytes) this.#handOver();
      else if (this.bytes.hasEnded) this.#onEnd();
      return false;
    }
    this.#pieces = 0;
    if (reading === 'other' || this.request.end > maxHeadBytes) {
      this.#handOver();
      return false;
    }
    this.#begin();
    return true;
  }

  #begin(): void {
    const { request, body } = this;
    const { context, connection } = this.#options;
    body.begin(request.framing, request.length);
    this.bytes.took(request.end);
    const head = request.head();
    const prepared = context.handler.prepare?.(head, connection);
    if (prepared === undefined) return this.#forward(head);
    this.#phase = 'asking';
    void prepared.then(() => {
      if (this.#phase === 'asking') this.#forward(head);
    });
  }

  #forward(head: ReturnType<RequestReader['head']>): void {
    const { context, connection } = this.#options;
    let forward: PlainForward;
    try {
      forward = new PlainForward(context, this, context.handler.begin(head, connection));
    } catch (cause) {
      context.warn('A request failed inside the proxy.', cause);
      return this.#reject(new ProxyError('internal', 'The request failed inside the proxy.', { cause }));
    }
    this.#phase = 'forwarding';
    this.#current = forward;
    forward.start();
    this.regulate();
  }

  #handOver(): void {
    const { socket } = this;
    socket
      .off('data', this.#onData)
      .off('drain', this.#onDrain)
      .off('end', this.#onEnd)
      .off('close', this.#onClose);
    this.#phase = 'closing';
    this.bytes.putBack();
    this.#options.handOver(this);
    socket.resume();
  }

  #reject(error: ProxyError): void {
    this.#options.context.handler.malformed(error, this.#options.connection);
    if (this.socket.writable) this.socket.write(errorText(error), 'latin1');
    this.#phase = 'closing';
    lingerClose(this.socket);
  }

  #close(): void {
    this.#phase = 'closing';
    const isSending = this.body.state === 'more' || this.bytes.isAhead;
    this.bytes.clear();
    if (isSending) lingerClose(this.socket);
    else this.socket.destroySoon();
  }
}
