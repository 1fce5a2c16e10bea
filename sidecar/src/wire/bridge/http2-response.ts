import { STATUS_CODES } from 'node:http';
import type { ClientHttp2Stream } from 'node:http2';
import type { ProxyError } from '../../proxy-error.ts';
import type { HeaderEdit } from '../head.ts';
import { isReplaced } from '../header-edits.ts';
import { malformedHead, type ClientAnswer, type Downstream } from '../http/client-answer.ts';
import { trailerFields } from '../http/request-body.ts';
import { isBodiless } from '../http2/fields.ts';
import { flushHead } from '../http/flush-head.ts';

export interface Http2ResponseOptions {
  readonly source: ClientHttp2Stream;
  readonly status: number;
  readonly raw: readonly string[];
  /** END_STREAM came with the head. */
  readonly endStream: boolean;
  /** END_STREAM came already. */
  readonly isComplete: boolean;
  readonly down: Downstream;
  readonly edits: readonly HeaderEdit[];
  /** All of it is written but for its end. */
  readonly received: () => void;
  readonly truncated: (error: ProxyError) => void;
}

/** The response of an HTTP/2 upstream on its way to an HTTP/1 client, as fast as that reads. */
export class Http2Response {
  readonly #options: Http2ResponseOptions;
  #trailers: readonly string[] = [];
  #isComplete: boolean;

  constructor(options: Http2ResponseOptions) {
    this.#options = options;
    this.#isComplete = options.isComplete;
  }

  begin(answer: ClientAnswer): ProxyError | undefined {
    const { status } = this.#options;
    return answer.begin({
      status,
      reason: STATUS_CODES[status] ?? '',
      fields: (options) => this.#fields(options),
    });
  }

  keepTrailers(raw: readonly string[]): void {
    this.#trailers = raw;
  }

  /**
   * END_STREAM came. A slow client must not hold the rest in the upstream's stream: node:http2 throws it away when the upstream
   * closes its connection, as it may.
   */
  complete(): void {
    this.#isComplete = true;
    this.#options.source.resume();
  }

  follow(): void {
    const { source, down } = this.#options;
    const { response } = down;
    let isSent = false;
    response.on('drain', () => source.resume());
    source.on('data', (bytes: Buffer) => {
      isSent = true;
      if (!response.write(bytes) && !this.#isComplete) source.pause();
    });
    source.on('end', () => {
      isSent = true;
      if (this.#isComplete) this.#end();
    });
    // The head waits for bytes that came in the same segment, but not longer.
    process.nextTick(() => {
      if (!isSent) flushHead(response);
    });
  }

  #end(): void {
    const { down, received, truncated } = this.#options;
    try {
      const trailers = down.response.chunkedEncoding ? trailerFields(this.#trailers) : [];
      if (trailers.length > 0) down.response.addTrailers(trailers);
    } catch (cause) {
      return truncated(malformedHead(cause));
    }
    received();
  }

  #fields({ allowsChunks, closes }: { readonly allowsChunks: boolean; readonly closes: boolean }): string[] {
    const { raw, edits, status, down, endStream } = this.#options;
    const isBare = isBodiless(down.request.method ?? '', status);
    const out: string[] = [];
    let hasLength = false;
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at] ?? '';
      if (name.startsWith(':') || isReplaced(name, edits)) continue;
      if (name === 'content-length') hasLength = true;
      out.push(name, raw[at + 1] ?? '');
    }
    for (const { name, value } of edits) if (value !== null) out.push(name, value);
    if (!isBare && !hasLength) {
      if (endStream) out.push('Content-Length', '0');
      else if (allowsChunks) out.push('Transfer-Encoding', 'chunked');
    }
    if (closes) out.push('Connection', 'close');
    return out;
  }
}
