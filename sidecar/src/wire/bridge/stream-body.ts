import type { ClientRequest } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { whenConnected, trailerFields } from '../http/request-body.ts';
import { isHalfClosed, onEndOfStream, refuseRest } from '../http2/end-of-stream.ts';
import { flushHead } from '../http/flush-head.ts';

export interface StreamBodyOptions {
  readonly source: ServerHttp2Stream;
  /** END_STREAM came with the head. */
  readonly isEmpty: boolean;
  /** Some of it came; false: it is not to be sent. */
  readonly chunk?: ((bytes: Buffer) => boolean) | undefined;
  /** The last byte is handed over. */
  readonly sent: () => void;
  /** The trailers cannot be sent. */
  readonly spoiled: (cause: unknown) => void;
}

/** The body of an HTTP/2 request on its way to an HTTP/1 upstream: none of it is read before that is connected. */
export class StreamBody {
  readonly #options: StreamBodyOptions;
  #trailers: readonly string[] = [];
  /** END_STREAM was received. */
  #isComplete: boolean;
  #hasEnded: boolean;

  constructor(options: StreamBodyOptions) {
    this.#options = options;
    const { source, isEmpty } = options;
    this.#hasEnded = isEmpty;
    this.#isComplete = isEmpty || isHalfClosed(source);
    if (isEmpty) return;
    onEndOfStream(source, () => (this.#isComplete = true));
    source.on('trailers', (_headers: IncomingHttpHeaders, _flags: number, raw?: string[]) => {
      this.#trailers = raw ?? [];
    });
  }

  sendTo(upstream: ClientRequest): void {
    const { isEmpty, sent } = this.#options;
    if (isEmpty) {
      upstream.end();
      return sent();
    }
    flushHead(upstream);
    whenConnected(upstream, () => this.#pump(upstream));
  }

  /** Nobody wants the rest: reads and drops it. */
  discard(): void {
    this.#options.source.resume();
  }

  /** The response is written: a client that still sends is told to stop. */
  refuseRest(): void {
    if (!this.#hasEnded) refuseRest(this.#options.source);
  }

  #pump(upstream: ClientRequest): void {
    const { source, chunk } = this.#options;
    source.on('data', (bytes: Buffer) => {
      if (chunk?.(bytes) === false || upstream.destroyed) return;
      if (!upstream.write(bytes)) source.pause();
    });
    upstream.on('drain', () => source.resume());
    source.on('end', () => this.#end(upstream));
  }

  #end(upstream: ClientRequest): void {
    if (!this.#isComplete) return;
    this.#hasEnded = true;
    if (upstream.destroyed) return;
    try {
      const trailers = trailerFields(this.#trailers);
      if (trailers.length > 0) upstream.addTrailers(trailers);
      upstream.end(this.#options.sent);
    } catch (cause) {
      this.#options.spoiled(cause);
    }
  }
}
