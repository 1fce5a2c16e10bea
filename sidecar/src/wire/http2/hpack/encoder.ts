import { DynamicTable } from './dynamic-table.ts';
import { encodeHuffman, huffmanLength } from './huffman.ts';
import { writeInteger } from './integer.ts';
import { STATIC_TABLE, type TableEntry } from './static-table.ts';

/** What differs from request to request, or is a secret short enough to be guessed, is not worth a place in the table. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  ...[
    ':path',
    'content-length',
    'date',
    'etag',
    'if-none-match',
    'if-modified-since',
    'last-modified',
    'age',
  ],
  ...['traceparent', 'tracestate', 'x-request-id', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'b3'],
  ...['grpc-timeout', 'set-cookie', 'location'],
]);
/** Kept by nobody: no later hop may put them into a table either (RFC 7541, section 7.1.3). */
const SECRET: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization']);
/** Larger fields would empty the table of what is used by all. */
const MAX_KEPT_BYTES = 512;
const FIRST_DYNAMIC = STATIC_TABLE.length + 1;

interface Known {
  readonly value: string;
  /** From the static table its index; else its place in the order of all that were ever added. */
  readonly index: number;
}

const STATIC_NAMES: ReadonlyMap<string, readonly Known[]> = staticNames();

/** A field as it stands in the dynamic table, with its place in the order of all that were ever added. */
interface Added extends TableEntry {
  readonly order: number;
}

/**
 * Writes the header blocks of one direction of a connection (RFC 7541), to be sent in the order in which they are written: what one
 * puts into the table the next one counts on. Strings go out as they are where the Huffman code would not make them shorter.
 */
export class HpackEncoder {
  readonly #table: DynamicTable;
  readonly #byName = new Map<string, Added[]>();
  #added = 0;
  /** Changes of the table's size that the other end was not told: the smallest since the last block, and the last. */
  #told: { smallest: number; last: number } | undefined;

  /** `maxTableSize`: what we keep at most, whatever the other end allows. */
  constructor(maxTableSize: number) {
    this.#table = new DynamicTable(maxTableSize, (entry) => this.#forget(entry as Added));
  }

  /** The other end allows so many octets (SETTINGS_HEADER_TABLE_SIZE). */
  allow(octets: number, ownMost: number): void {
    const size = Math.min(octets, ownMost);
    if (size === this.#table.maxSize && this.#told === undefined) return;
    this.#table.resize(size);
    this.#told = { smallest: Math.min(size, this.#told?.smallest ?? size), last: size };
  }

  /** The most octets that `encode` may take for these fields. */
  static bound(fields: readonly string[]): number {
    let octets = 16;
    for (const text of fields) octets += text.length + 8;
    return octets;
  }

  /** Writes a block at `from`, in room as {@link HpackEncoder.bound} says; the position after it. */
  encode(fields: readonly string[], out: Buffer, from: number, sensitive?: ReadonlySet<string>): number {
    let at = this.#writeSizes(out, from);
    for (let index = 0; index < fields.length; index += 2) {
      const name = fields[index] as string;
      const value = fields[index + 1] as string;
      const isSecret = SECRET.has(name) || sensitive?.has(name) === true;
      at = isSecret ? this.#writeSecret(out, at, { name, value }) : this.#write(out, at, name, value);
    }
    return at;
  }

  #writeSizes(out: Buffer, from: number): number {
    const told = this.#told;
    if (told === undefined) return from;
    this.#told = undefined;
    const update = (at: number, value: number): number =>
      writeInteger(out, at, { value, bits: 5, pattern: 0x20 });
    // The smallest counts: what it evicted is gone (RFC 7541, section 4.2).
    const at = told.smallest < told.last ? update(from, told.smallest) : from;
    return update(at, told.last);
  }

  #write(out: Buffer, from: number, name: string, value: string): number {
    const statics = STATIC_NAMES.get(name);
    const fixed = statics?.find((one) => one.value === value);
    if (fixed !== undefined) return writeIndexed(out, from, fixed.index);
    const known = this.#byName.get(name);
    const added = known?.find((one) => one.value === value);
    if (added !== undefined) return writeIndexed(out, from, this.#indexOf(added));
    const [named] = known ?? [];
    const nameIndex = statics?.[0]?.index ?? (named === undefined ? 0 : this.#indexOf(named));
    const isKept = !NOT_KEPT.has(name) && name.length + value.length <= MAX_KEPT_BYTES;
    const at = writeLiteral(out, from, { name, value, nameIndex, form: isKept ? KEPT : PASSING });
    if (isKept) this.#keep(name, value);
    return at;
  }

  #writeSecret(out: Buffer, from: number, { name, value }: TableEntry): number {
    const nameIndex = STATIC_NAMES.get(name)?.[0]?.index ?? 0;
    return writeLiteral(out, from, { name, value, nameIndex, form: NEVER_KEPT });
  }

  #indexOf({ order }: Added): number {
    return FIRST_DYNAMIC + this.#added - order;
  }

  #keep(name: string, value: string): void {
    const entry: Added = { name, value, order: this.#added + 1 };
    if (!this.#table.add(entry)) return;
    this.#added += 1;
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, [entry]);
    else known.push(entry);
  }

  #forget({ name, order }: Added): void {
    const known = this.#byName.get(name);
    if (known === undefined) return;
    // The oldest goes first.
    if (known[0]?.order === order) known.shift();
    if (known.length === 0) this.#byName.delete(name);
  }
}

interface Form {
  readonly bits: number;
  readonly pattern: number;
}

const KEPT: Form = { bits: 6, pattern: 0x40 };
const PASSING: Form = { bits: 4, pattern: 0x00 };
const NEVER_KEPT: Form = { bits: 4, pattern: 0x10 };

function writeIndexed(out: Buffer, from: number, index: number): number {
  return writeInteger(out, from, { value: index, bits: 7, pattern: 0x80 });
}

interface Literal extends TableEntry {
  /** 0: the name is written out. */
  readonly nameIndex: number;
  readonly form: Form;
}

function writeLiteral(out: Buffer, from: number, { name, value, nameIndex, form }: Literal): number {
  let at = writeInteger(out, from, { value: nameIndex, ...form });
  if (nameIndex === 0) at = writeString(out, at, name);
  return writeString(out, at, value);
}

/** Texts shorter than this gain nothing that is worth the work. */
const WORTH_CODING = 4;

function writeString(out: Buffer, from: number, text: string): number {
  const length = text.length < WORTH_CODING ? text.length : huffmanLength(text);
  if (length < text.length) {
    const at = writeInteger(out, from, { value: length, bits: 7, pattern: 0x80 });
    return encodeHuffman(text, out, at);
  }
  const at = writeInteger(out, from, { value: text.length, bits: 7, pattern: 0 });
  return at + out.write(text, at, 'latin1');
}

function staticNames(): Map<string, Known[]> {
  const names = new Map<string, Known[]>();
  for (const [place, { name, value }] of STATIC_TABLE.entries()) {
    const known = names.get(name) ?? [];
    known.push({ value, index: place + 1 });
    names.set(name, known);
  }
  return names;
}
