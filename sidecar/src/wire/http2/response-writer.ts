import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { ProxyError } from '../../proxy-error.ts';
import type { HeaderEdit } from '../head.ts';
import { editFields, fieldsObject, fieldValue, isBodiless, type RawFields } from './fields.ts';
import { respondOptions } from './session-options.ts';
import { resetStream } from './reset-stream.ts';

export interface ResponseWriterOptions {
  readonly stream: ServerHttp2Stream;
  readonly method: string;
  readonly edits: () => readonly HeaderEdit[];
  /** Everything, trailers included, has been handed to the client's connection. */
  readonly written: () => void;
}

/** Interim responses let through for one request; node:http2 keeps every one of them in memory. */
const MAX_INFORMATIONAL = 100;

/** Writes one response to a client: interim heads, the head, data as fast as the client reads, trailers. */
export class ResponseWriter {
  readonly #options: ResponseWriterOptions;
  #status: number | undefined;
  #grpcStatus: number | undefined;
  #informational = 0;
  #trailers: OutgoingHttpHeaders = {};
  /** Everything has been received: what is left fits a stream's window and is taken whole. */
  #isComplete = false;
  #isWritten = false;

  constructor(options: ResponseWriterOptions) {
    this.#options = options;
  }

  get status(): number | undefined {
    return this.#status;
  }

  get grpcStatus(): number | undefined {
    return this.#grpcStatus;
  }

  get isWritten(): boolean {
    return this.#isWritten;
  }

  /** Passes a 1xx head on. */
  inform(raw: RawFields, received: IncomingHttpHeaders): ProxyError | undefined {
    const { stream } = this.#options;
    if (stream.destroyed || stream.closed || stream.headersSent) return undefined;
    this.#informational += 1;
    if (this.#informational > MAX_INFORMATIONAL)
      return malformed(`more than ${MAX_INFORMATIONAL} interim responses`);
    try {
      stream.additionalHeaders(fieldsObject(raw, received));
      return undefined;
    } catch (cause) {
      return malformed('an interim response that cannot be passed on', cause);
    }
  }

  /** Passes the final head on; `endStream`: it is the whole response. */
  begin(raw: RawFields, received: IncomingHttpHeaders, endStream: boolean): ProxyError | undefined {
    const { stream, method, edits } = this.#options;
    if (stream.destroyed || stream.closed) return undefined;
    const status = Number(received[':status']);
    const isHeadOnly = endStream || isBodiless(method, status);
    try {
      // As an object: the first releases of Node 22 and 24 do not take raw blocks here.
      const head = fieldsObject(editFields(raw, edits(), received), received);
      stream.respond(head, respondOptions({ endStream: isHeadOnly, waitForTrailers: !isHeadOnly }));
    } catch (cause) {
      return malformed('a head that cannot be passed on', cause);
    }
    this.#status = status;
    this.#readGrpcStatus(raw);
    this.#isWritten = isHeadOnly;
    return undefined;
  }

  /** Passes the rest on; `received` is called when `source` has been read to its true end. */
  follow(source: ClientHttp2Stream, received: () => void): void {
    const { stream } = this.#options;
    if (this.#isWritten) {
      source.on('end', received);
      source.resume();
      return;
    }
    stream.on('drain', () => source.resume());
    stream.on('wantTrailers', () => this.#sendTrailers());
    source.on('data', (chunk: Buffer) => {
      if (stream.destroyed || stream.closed) return;
      if (!stream.write(chunk) && !this.#isComplete) source.pause();
    });
    source.on('end', () => {
      received();
      if (this.#isComplete && !stream.destroyed && !stream.closed) stream.end();
    });
    if (this.#isComplete) source.resume();
  }

  keepTrailers(raw: RawFields, received: IncomingHttpHeaders): void {
    this.#trailers = fieldsObject(raw, received);
    this.#readGrpcStatus(raw);
  }

  /**
   * END_STREAM came from the upstream. A slow client must not hold the rest in the upstream's stream: node:http2 throws it away
   * when the upstream closes its connection, as it may.
   */
  complete(source: ClientHttp2Stream): void {
    this.#isComplete = true;
    if (this.#status !== undefined) source.resume();
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

  #readGrpcStatus(raw: RawFields): void {
    const status = fieldValue(raw, 'grpc-status');
    if (status !== undefined && /^\d{1,3}$/.test(status)) this.#grpcStatus = Number(status);
  }
}

function malformed(what: string, cause?: unknown): ProxyError {
  return new ProxyError('upstream-malformed', `the upstream sent ${what}`, { cause });
}
