import { DynamicTable } from './dynamic-table.ts';
import { decodeHuffman, mostCharacters } from './huffman.ts';
import { BlockReader } from './integer.ts';
import { STATIC_TABLE, type TableEntry } from './static-table.ts';

/** A header block that cannot be read: the connection is lost with it (RFC 9113, section 4.3: COMPRESSION_ERROR). */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
}

export interface DecodedFields {
  /** Name, value, name, value, in the order in which they came; each octet one character. */
  readonly fields: readonly string[];
  /** Names that must not be kept in any table, for a later hop neither (RFC 7541, section 7.1.3). Undefined: none. */
  readonly sensitive: ReadonlySet<string> | undefined;
  /** The list was larger than was accepted, or had too many fields: `fields` are only its beginning. */
  readonly isTooLarge: boolean;
}

export interface DecoderOptions {
  /** Octets of the table that we allow the other end, as our SETTINGS say. */
  readonly maxTableSize: number;
  /** Of names and values and 32 for each field (RFC 9113, section 6.5.2). */
  readonly maxListSize: number;
  readonly maxFields: number;
}

const FIELD_OVERHEAD = 32;
/** Longer strings are read, as the table wants it, into memory of their own. */
const SCRATCH_BYTES = 64 * 1024;
const scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

/** Reads the header blocks of one direction of a connection, each whole and in their order (RFC 7541). */
export class HpackDecoder {
  readonly #options: DecoderOptions;
  readonly #table: DynamicTable;
  readonly #reader = new BlockReader();

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#table = new DynamicTable(options.maxTableSize);
  }

  /** @throws CompressionError */
  decode(block: Buffer): DecodedFields {
    const reader = this.#reader;
    reader.begin(block, 0, block.length);
    this.#readSizes();
    const fields: string[] = [];
    let sensitive: Set<string> | undefined;
    let size = 0;
    let isTooLarge = false;
    while (reader.at < reader.end) {
      const first = block[reader.at] as number;
      const { name, value } = this.#readField(first);
      size += name.length + value.length + FIELD_OVERHEAD;
      isTooLarge ||= size > this.#options.maxListSize || fields.length >= 2 * this.#options.maxFields;
      if (isTooLarge) continue;
      fields.push(name, value);
      if ((first & 0xf0) === NEVER_INDEXED) (sensitive ??= new Set()).add(name);
    }
    return { fields, sensitive, isTooLarge };
  }

  /** Changes of the table's size stand at the start of a block only (RFC 7541, section 4.2). */
  #readSizes(): void {
    const reader = this.#reader;
    while (reader.at < reader.end && ((reader.bytes[reader.at] as number) & 0xe0) === SIZE_UPDATE) {
      const size = reader.integer(5);
      if (size < 0 || size > this.#options.maxTableSize) {
        throw new CompressionError(`a table of more than ${this.#options.maxTableSize} octets was announced`);
      }
      this.#table.resize(size);
    }
  }

  #readField(first: number): TableEntry {
    if ((first & 0x80) !== 0) return this.#entry(this.#reader.integer(7));
    if ((first & 0xc0) === WITH_INDEXING) {
      const entry = this.#readLiteral(6);
      this.#table.add(entry);
      return entry;
    }
    if ((first & 0xe0) === SIZE_UPDATE) {
      throw new CompressionError('a change of the table stands between fields');
    }
    return this.#readLiteral(4);
  }

  #readLiteral(bits: number): TableEntry {
    const index = this.#reader.integer(bits);
    const name = index === 0 ? this.#readString() : this.#entry(index).name;
    return { name, value: this.#readString() };
  }

  #entry(index: number): TableEntry {
    const entry =
      index > STATIC_TABLE.length ? this.#table.at(index - STATIC_TABLE.length - 1) : STATIC_TABLE[index - 1];
    if (entry === undefined) throw new CompressionError(`no field has the index ${index}`);
    return entry;
  }

  #readString(): string {
    const reader = this.#reader;
    if (reader.at >= reader.end) throw cutOff();
    const isHuffman = ((reader.bytes[reader.at] as number) & 0x80) !== 0;
    const length = reader.integer(7);
    const from = reader.at;
    const to = from + length;
    if (length < 0 || to > reader.end) throw cutOff();
    reader.at = to;
    const bytes = reader.bytes as Buffer;
    return isHuffman ? huffmanText(bytes, from, to) : bytes.toString('latin1', from, to);
  }
}

const WITH_INDEXING = 0x40;
const SIZE_UPDATE = 0x20;
const NEVER_INDEXED = 0x10;

function huffmanText(bytes: Buffer, from: number, to: number): string {
  const most = mostCharacters(to - from);
  const into = most > SCRATCH_BYTES ? Buffer.allocUnsafe(most) : scratch;
  const length = decodeHuffman(bytes, from, to, into);
  if (length < 0) throw new CompressionError('a string is not in the Huffman code');
  return into.toString('latin1', 0, length);
}

function cutOff(): CompressionError {
  return new CompressionError('the header block ends in the middle of a field');
}
