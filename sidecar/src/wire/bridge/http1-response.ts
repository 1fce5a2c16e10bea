import type { IncomingMessage, InformationEvent } from 'node:http';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { ProxyError } from '../../proxy-error.ts';
import type { HeaderEdit } from '../head.ts';
import { malformedHead } from '../http/client-answer.ts';
import { trailerFields } from '../http/request-body.ts';
import { responseHeaders, type ReceivedHead } from '../http/response-head.ts';
import { fieldsObject, isBodiless } from '../http2/fields.ts';
import { respondOptions } from '../http2/session-options.ts';
import { resetStream } from '../http2/reset-stream.ts';

export interface Http1ResponseOptions {
  readonly stream: ServerHttp2Stream;
  readonly method: string;
  readonly edits: () => readonly HeaderEdit[];
  /** The last byte came from the upstream, trailers included. */
  readonly received: () => void;
  /** The rest cannot be had. */
  readonly truncated: (error: ProxyError) => void;
  /** Everything was handed to the client's connection. */
  readonly written: () => void;
}

/** The response of an HTTP/1 upstream on its way to an HTTP/2 client, as fast as that reads. */
export class Http1Response {
  readonly #options: Http1ResponseOptions;
  #status: number | undefined;
  #upstream: IncomingMessage | undefined;
  #trailers: OutgoingHttpHeaders = {};
  #isHeadOnly = false;
  #isWritten = false;

  constructor(options: Http1ResponseOptions) {
    this.#options = options;
  }

  get status(): number | undefined {
    return this.#status;
  }

  get isWritten(): boolean {
    return this.#isWritten;
  }

  inform(information: InformationEvent): ProxyError | undefined {
    const { stream } = this.#options;
    if (stream.destroyed || stream.closed || stream.headersSent) return undefined;
    try {
      const head = headOf(information, []);
      stream.additionalHeaders({ ':status': information.statusCode, ...head });
      return undefined;
    } catch (cause) {
      return malformedHead(cause);
    }
  }

  /** Passes the final head on. */
  begin(upstream: IncomingMessage): ProxyError | undefined {
    const { stream, method, edits } = this.#options;
    if (stream.destroyed || stream.closed) return undefined;
    const status = upstream.statusCode ?? 0;
    this.#isHeadOnly = isBodiless(method, status);
    try {
      if (status < 200) throw new Error(`a final response cannot have the status ${status}`);
      const options = respondOptions({ endStream: this.#isHeadOnly, waitForTrailers: !this.#isHeadOnly });
      stream.respond({ ':status': status, ...headOf(upstream, edits()) }, options);
    } catch (cause) {
      return malformedHead(cause);
    }
    this.#status = status;
    this.#isWritten = this.#isHeadOnly;
    return undefined;
  }

  follow(upstream: IncomingMessage): void {
    const { stream, truncated } = this.#options;
    this.#upstream = upstream;
    upstream.on('error', (cause) => truncated(truncation(cause)));
    upstream.on('end', () => this.#ended(upstream));
    if (this.#isHeadOnly) return void upstream.resume();
    stream.on('drain', () => upstream.resume());
    stream.on('wantTrailers', () => this.#sendTrailers());
    upstream.on('data', (bytes: Buffer) => {
      if (stream.destroyed || stream.closed) return;
      if (!stream.write(bytes)) upstream.pause();
    });
  }

  /** The upstream's connection failed; that matters unless the last byte was there. */
  broken(cause: unknown): void {
    if (this.#upstream?.complete !== true) this.#options.truncated(truncation(cause));
  }

  #ended(upstream: IncomingMessage): void {
    const { stream, received, truncated, written } = this.#options;
    if (!upstream.complete) return truncated(truncation(undefined));
    this.#trailers = lowerCased(trailerFields(upstream.rawTrailers).flat());
    received();
    if (this.#isHeadOnly) return written();
    if (!stream.destroyed && !stream.closed) stream.end();
  }

  #sendTrailers(): void {
    const { stream, written } = this.#options;
    try {
      stream.sendTrailers(this.#trailers);
    } catch {
      resetStream(stream, constants.NGHTTP2_INTERNAL_ERROR);
      return;
    }
    this.#isWritten = true;
    // node:http2 sends them in a setImmediate of its own, made before this one.
    setImmediate(written);
  }
}

/** Chunks are HTTP/1's own; a `trailer` field that announces what comes after them is not. */
function headOf(received: ReceivedHead, edits: readonly HeaderEdit[]): OutgoingHttpHeaders {
  const fields = responseHeaders(received, { edits, allowsChunks: true, closes: false });
  const head = lowerCased(fields);
  delete head['transfer-encoding'];
  return head;
}

function lowerCased(fields: readonly string[]): OutgoingHttpHeaders {
  return fieldsObject(
    fields.map((part, at) => (at % 2 === 0 ? part.toLowerCase() : part)),
    {},
  );
}

function truncation(cause: unknown): ProxyError {
  return new ProxyError('upstream-truncated', 'The upstream broke off in the middle of its response.', {
    cause,
  });
}
