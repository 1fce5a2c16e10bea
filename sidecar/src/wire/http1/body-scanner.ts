import { isAllowedInTrailers } from '../hop-by-hop.ts';
import { isLineEnd } from './bytes.ts';
import { readChunkLine, type ChunkLine } from './chunk-line.ts';
import { FieldTable } from './field-table.ts';
import type { Framing } from './request-reader.ts';

/** Trailers are few; more are an attack. */
const MAX_TRAILERS = 100;
const CRLF_LENGTH = 2;

export type BodyState = 'more' | 'done' | 'bad';

/**
 * Tells how far bytes belong to a body, without keeping any. Whoever feeds it keeps what it has not taken (part of a line) and brings it
 * again with what comes next. The last chunk and the trailers are taken as one, and written anew: `tail`.
 */
export class BodyScanner {
  state: BodyState = 'done';
  /** Up to here the bytes are to be sent on as they are. */
  sendTo = 0;
  /** Up to here they are taken; what follows, if the body is done, is the next message. */
  takenTo = 0;
  /** To be sent after the bytes when the body is done. */
  tail = '';
  #framing: Framing = 'none';
  /** Bytes of the body, or of the chunk and the line end behind it, that have not come. */
  #left = 0;
  readonly #line: ChunkLine = { size: 0, dataAt: 0 };
  readonly #maxTrailerBytes: number;

  constructor(maxTrailerBytes: number) {
    this.#maxTrailerBytes = maxTrailerBytes;
  }

  begin(framing: Framing, length: number): void {
    this.#framing = framing;
    this.#left = framing === 'length' ? length : 0;
    this.state = framing === 'none' || (framing === 'length' && length === 0) ? 'done' : 'more';
    this.tail = '';
  }

  /** A body that ends with its connection. */
  get endsWithConnection(): boolean {
    return this.#framing === 'close';
  }

  scan(bytes: Buffer, from: number): void {
    this.sendTo = from;
    this.takenTo = from;
    if (this.state !== 'more' || from === bytes.length) return;
    if (this.#framing === 'chunked') return this.#scanChunks(bytes, from);
    const end = this.#framing === 'close' ? bytes.length : Math.min(bytes.length, from + this.#left);
    this.#left -= end - from;
    this.#take(end);
    if (this.#framing === 'length' && this.#left === 0) this.state = 'done';
  }

  #scanChunks(bytes: Buffer, from: number): void {
    let at = from;
    while (at < bytes.length) {
      at = this.#left > 0 ? this.#scanData(bytes, at) : this.#scanLine(bytes, at);
      if (at < 0) return;
    }
  }

  /** The data of a chunk and the line end behind it; -1: no further. */
  #scanData(bytes: Buffer, at: number): number {
    const dataEnd = at + this.#left - CRLF_LENGTH;
    if (bytes.length < dataEnd + CRLF_LENGTH) {
      // The line end is taken as one.
      const end = Math.max(at, Math.min(bytes.length, dataEnd));
      this.#left -= end - at;
      this.#take(end);
      return -1;
    }
    if (!isLineEnd(bytes, dataEnd)) {
      this.#take(Math.max(at, dataEnd));
      this.state = 'bad';
      return -1;
    }
    this.#left = 0;
    this.#take(dataEnd + CRLF_LENGTH);
    return dataEnd + CRLF_LENGTH;
  }

  #scanLine(bytes: Buffer, at: number): number {
    const outcome = readChunkLine(bytes, at, this.#line);
    if (outcome !== 'read') {
      if (outcome === 'bad') this.state = 'bad';
      return -1;
    }
    const { size, dataAt } = this.#line;
    if (size === 0) {
      this.#scanTrailers(bytes, dataAt);
      return -1;
    }
    this.#left = size + CRLF_LENGTH;
    this.#take(dataAt);
    return dataAt;
  }

  #scanTrailers(bytes: Buffer, at: number): void {
    if (isLineEnd(bytes, at)) return this.#end(at + CRLF_LENGTH, '');
    const fields = new FieldTable(MAX_TRAILERS);
    const end = fields.scan(bytes, at);
    if (typeof end === 'number') this.#end(end, allowedTrailers(fields));
    else if (end !== 'more' || bytes.length - at > this.#maxTrailerBytes) this.state = 'bad';
  }

  #end(takenTo: number, trailers: string): void {
    this.takenTo = takenTo;
    this.tail = `0\r\n${trailers}\r\n`;
    this.state = 'done';
  }

  #take(to: number): void {
    this.sendTo = to;
    this.takenTo = to;
  }
}

/** Those that change nothing of a message whose head has gone. */
function allowedTrailers(fields: FieldTable): string {
  let text = '';
  for (let field = 0; field < fields.count; field += 1) {
    const name = fields.name(field);
    if (isAllowedInTrailers(name.toLowerCase())) text += `${name}: ${fields.value(field)}\r\n`;
  }
  return text;
}
