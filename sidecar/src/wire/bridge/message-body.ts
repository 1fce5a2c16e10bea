import type { IncomingMessage } from 'node:http';
import { constants, type ClientHttp2Stream } from 'node:http2';
import { trailerFields } from '../http/request-body.ts';
import { fieldsObject } from '../http2/fields.ts';
import { resetStream } from '../http2/reset-stream.ts';

export interface MessageBodyOptions {
  readonly source: IncomingMessage;
  readonly isEmpty: boolean;
  /** Some of it came; false: it is not to be sent. */
  readonly chunk?: ((bytes: Buffer) => boolean) | undefined;
  /** The last byte is handed over. */
  readonly sent: () => void;
}

/** The body of an HTTP/1 request on its way to an HTTP/2 upstream; none of it is read before there is a stream. */
export class MessageBody {
  readonly #options: MessageBodyOptions;
  #sink: ClientHttp2Stream | undefined;
  #isFlowing = false;
  #isUntouched = true;
  #hasEnded: boolean;

  constructor(options: MessageBodyOptions) {
    this.#options = options;
    this.#hasEnded = options.isEmpty;
  }

  /** Nothing of it was read, so that it can be sent to somebody else. */
  get isUntouched(): boolean {
    return this.#isUntouched;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  sendTo(sink: ClientHttp2Stream): void {
    const { source, isEmpty, sent } = this.#options;
    if (isEmpty) return sent();
    this.#sink = sink;
    sink.on('drain', () => void (this.#sink === sink && source.resume()));
    sink.on('wantTrailers', () => this.#sendTrailers(sink));
    if (this.#isFlowing) source.resume();
    else this.#flow();
  }

  detach(): void {
    this.#sink = undefined;
    if (this.#isFlowing && !this.#hasEnded) this.#options.source.pause();
  }

  #flow(): void {
    const { source, chunk } = this.#options;
    this.#isFlowing = true;
    source.on('data', (bytes: Buffer) => {
      this.#isUntouched = false;
      const sink = this.#sink;
      if (chunk?.(bytes) === false || sink === undefined || sink.destroyed || sink.closed) return;
      if (!sink.write(bytes)) source.pause();
    });
    source.on('end', () => this.#end());
  }

  #end(): void {
    if (this.#hasEnded || !this.#options.source.complete) return;
    this.#hasEnded = true;
    const sink = this.#sink;
    if (sink === undefined || sink.destroyed || sink.closed) return;
    sink.end();
    this.#options.sent();
  }

  #sendTrailers(sink: ClientHttp2Stream): void {
    const fields = trailerFields(this.#options.source.rawTrailers).flatMap(([name, value]) => [
      name.toLowerCase(),
      value,
    ]);
    try {
      sink.sendTrailers(fieldsObject(fields, {}));
    } catch {
      resetStream(sink, constants.NGHTTP2_INTERNAL_ERROR);
    }
  }
}
