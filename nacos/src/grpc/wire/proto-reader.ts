import { NacosError } from '../../nacos-error.ts';

/** Wire types of https://protobuf.dev/programming-guides/encoding/ that are still in use. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** What can be shifted into a number without loss; lengths and tags are far below. */
const MAX_VARINT_BYTES = 10;

/** Reads one protobuf message. Whatever the bytes are, nothing but a NacosError `nacos_answer_malformed` is thrown. */
export class ProtoReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next field's number and wire type; undefined at the end of the message. */
  field(): { readonly number: number; readonly wireType: number } | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    const tag = this.#varint();
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1f_ff_ff_ff) throw malformed(`field number ${number}`);
    return { number, wireType: tag % 8 };
  }

  bytes(): Buffer {
    return this.#take(this.#varint());
  }

  text(): string {
    try {
      return UTF8.decode(this.bytes());
    } catch (error) {
      throw error instanceof NacosError ? error : malformed('a string that is no UTF-8', error);
    }
  }

  /** Passes over the value of a field that nobody here knows. */
  skip(wireType: number): void {
    if (wireType === VARINT) this.#varint();
    else if (wireType === FIXED64) this.#take(8);
    else if (wireType === LENGTH_DELIMITED) this.bytes();
    else if (wireType === FIXED32) this.#take(4);
    else throw malformed(`wire type ${wireType}`);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformed(`a field of ${length} bytes in a message that ends before`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** Values beyond 2^53 lose their low bits: as lengths and tags they are refused anyway, as skipped values nobody looks. */
  #varint(): number {
    let value = 0;
    let weight = 1;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw malformed('a number that is cut off');
      this.#at += 1;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value;
      weight *= 0x80;
    }
    throw malformed(`a number of more than ${MAX_VARINT_BYTES} bytes`);
  }
}

function malformed(what: string, cause?: unknown): NacosError {
  return new NacosError('nacos_answer_malformed', `the server sends no protobuf message: ${what}`, { cause });
}
