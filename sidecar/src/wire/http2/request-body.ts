import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { isHalfClosed, onEndOfStream } from './end-of-stream.ts';
import { fieldsObject } from './fields.ts';
import { resetStream } from './reset-stream.ts';

/** How much of a body is kept for another attempt until the response begins. */
const REPLAY_LIMIT = 64 * 1024;

export interface RequestBodyOptions {
  readonly source: ServerHttp2Stream;
  /** END_STREAM came with the head: there is no body and there are no trailers. */
  readonly isEmpty: boolean;
  /** Some of it came; false: it is not to be sent. */
  readonly chunk?: ((bytes: Buffer) => boolean) | undefined;
  /** The client has sent everything, and it has been handed to the upstream. Called at most once. */
  readonly sent: () => void;
}

/** A request's body and trailers on their way to one upstream stream, and, while little was sent, to another one instead. */
export class RequestBody {
  readonly #options: RequestBodyOptions;
  /** Undefined once the body cannot be replayed. */
  #held: Buffer[] | undefined = [];
  #heldBytes = 0;
  #trailers: OutgoingHttpHeaders = {};
  /** END_STREAM was received; not all of what came before it need have been read. */
  #complete: boolean;
  #ended: boolean;
  #sink: ClientHttp2Stream | undefined;
  #flowing = false;

  constructor(options: RequestBodyOptions) {
    this.#options = options;
    this.#ended = options.isEmpty;
    this.#complete = options.isEmpty || isHalfClosed(options.source);
    if (options.isEmpty) return;
    onEndOfStream(options.source, () => (this.#complete = true));
    options.source.on('trailers', (received: IncomingHttpHeaders, _flags: number, raw?: string[]) => {
      this.#trailers = fieldsObject(raw ?? [], received);
    });
  }

  get isEmpty(): boolean {
    return this.#options.isEmpty;
  }

  /** All of it has been read from the client. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  get isReplayable(): boolean {
    return this.#held !== undefined;
  }

  /** Sends what was read before, then what comes, to `sink`. */
  attach(sink: ClientHttp2Stream): void {
    this.#sink = sink;
    if (this.isEmpty) return;
    sink.on('drain', () => void (this.#sink === sink && this.#options.source.resume()));
    sink.on('wantTrailers', () => this.#sendTrailers(sink));
    for (const chunk of this.#held ?? []) sink.write(chunk);
    if (this.#ended) sink.end();
    else if (this.#flowing) this.#options.source.resume();
    else this.#flow();
  }

  /** The attempt failed: stops reading until another sink is attached. */
  detach(): void {
    this.#sink = undefined;
    if (this.#flowing && !this.#ended) this.#options.source.pause();
  }

  /** There will be no other attempt: gives up what was kept. */
  release(): void {
    this.#held = undefined;
  }

  /** Nobody wants the rest: reads and drops it. */
  discard(): void {
    this.release();
    this.#sink = undefined;
    this.#options.source.resume();
  }

  #flow(): void {
    this.#flowing = true;
    const { source } = this.#options;
    source.on('data', (chunk: Buffer) => this.#write(chunk));
    source.on('end', () => this.#end());
  }

  #write(chunk: Buffer): void {
    if (this.#options.chunk?.(chunk) === false) return;
    this.#hold(chunk);
    const sink = this.#sink;
    if (!sink || sink.destroyed || sink.closed) return;
    if (!sink.write(chunk)) this.#options.source.pause();
  }

  #hold(chunk: Buffer): void {
    if (!this.#held) return;
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > REPLAY_LIMIT) this.#held = undefined;
    else this.#held.push(chunk);
  }

  #end(): void {
    if (!this.#complete || this.#ended) return;
    this.#ended = true;
    const sink = this.#sink;
    if (sink && !sink.destroyed && !sink.closed) sink.end();
    this.#options.sent();
  }

  #sendTrailers(sink: ClientHttp2Stream): void {
    try {
      sink.sendTrailers(this.#trailers);
    } catch {
      // Trailers that node:http2 does not send, or a stream that has just gone: reset, never end as if they had been sent.
      resetStream(sink, constants.NGHTTP2_INTERNAL_ERROR);
    }
  }
}
