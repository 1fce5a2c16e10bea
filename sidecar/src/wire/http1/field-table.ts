import type { HeaderReader } from '../head.ts';
import { CLASSES, COLON, CR, DIGIT, FIELD_VALUE, isNameAt, LF, SPACE, TAB, TOKEN, textOf } from './bytes.ts';

/** What came of a scan; a position is one after the empty line. */
export type Scanned = number | 'more' | 'bad' | 'many';

/** Lower-case names, so that a field is compared with few of them. */
export type NamesByLength = readonly (readonly string[] | undefined)[];

export function namesByLength(names: readonly string[]): NamesByLength {
  const byLength: string[][] = [];
  for (const name of names) (byLength[name.length] ??= []).push(name);
  return byLength;
}

const NO_NAMES: readonly string[] = [];
const NOTHING = Buffer.alloc(0);
const PER_FIELD = 4;
const FEW = 32;

/** Where the fields of one head lie in its bytes. Filled anew for each head; reads nothing out before it is asked for. */
export class FieldTable implements HeaderReader {
  readonly #most: number;
  #bytes: Buffer = NOTHING;
  #count = 0;
  #end = 0;
  /** Of each field: start of its name, its colon, start and end of its value. */
  #places = new Int32Array(FEW * PER_FIELD);

  /** `most`: heads with more fields are not taken. */
  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Reads field lines up to the empty line after them, in the strict grammar of RFC 9112 section 5: no folding, no bare CR or LF. */
  scan(bytes: Buffer, from: number): Scanned {
    this.#bytes = bytes;
    this.#count = 0;
    for (let at = from; ;) {
      this.#end = at;
      if (bytes[at] === CR) return endOfHead(bytes, at);
      if (this.#count === this.#most) return 'many';
      const next = this.#scanLine(bytes, at);
      if (next < 0) return next === MORE ? 'more' : 'bad';
      at = next;
    }
  }

  /** Start of a field's line. */
  lineStart(field: number): number {
    return this.#places[field * PER_FIELD] ?? 0;
  }

  /** Start of the line after it. */
  lineEnd(field: number): number {
    return field + 1 < this.#count ? this.lineStart(field + 1) : this.#end;
  }

  /** Where the empty line begins. */
  get end(): number {
    return this.#end;
  }

  /** Length of a field's name. */
  nameLength(field: number): number {
    const at = field * PER_FIELD;
    return (this.#places[at + 1] ?? 0) - (this.#places[at] ?? 0);
  }

  isNamed(field: number, lower: string): boolean {
    return (
      this.nameLength(field) === lower.length &&
      isNameAt(this.#bytes, this.#places[field * PER_FIELD] ?? 0, lower)
    );
  }

  /** Which of `names` a field has. */
  nameAmong(field: number, names: NamesByLength): string | undefined {
    const alike = names[this.nameLength(field)] ?? NO_NAMES;
    for (let at = 0; at < alike.length; at += 1) {
      const name = alike[at];
      if (name !== undefined && isNameAt(this.#bytes, this.lineStart(field), name)) return name;
    }
    return undefined;
  }

  /** As it was spelt. */
  name(field: number): string {
    const at = field * PER_FIELD;
    return textOf(this.#bytes, this.#places[at], this.#places[at + 1]);
  }

  /** Without the blanks around it. */
  value(field: number): string {
    const at = field * PER_FIELD;
    return textOf(this.#bytes, this.#places[at + 2], this.#places[at + 3]);
  }

  /** Whether a field's value is `lower`, a text of lower-case letters, digits and the like, in any case. */
  isValue(field: number, lower: string): boolean {
    const at = field * PER_FIELD;
    const start = this.#places[at + 2] ?? 0;
    return (this.#places[at + 3] ?? 0) - start === lower.length && isNameAt(this.#bytes, start, lower);
  }

  /** A value as a number of bytes: digits only (RFC 9110, section 8.6); -1: it is something else, or too large to be exact. */
  length(field: number): number {
    const at = field * PER_FIELD;
    return readDigits(this.#bytes, this.#places[at + 2] ?? 0, this.#places[at + 3] ?? 0);
  }

  /** The first field called `lower`; -1: there is none. */
  find(lower: string, from = 0): number {
    for (let field = from; field < this.#count; field += 1) if (this.isNamed(field, lower)) return field;
    return -1;
  }

  get(name: string): string | undefined {
    const first = this.find(name);
    if (first < 0) return undefined;
    let value = this.value(first);
    const separator = name === 'cookie' ? '; ' : ', ';
    for (let next = this.find(name, first + 1); next >= 0; next = this.find(name, next + 1)) {
      value += separator + this.value(next);
    }
    return value;
  }

  /** The position after the line, or what is wrong with it. */
  #scanLine(bytes: Buffer, from: number): number {
    let at = from;
    while (((CLASSES[bytes[at] as number] as number) & TOKEN) !== 0) at += 1;
    if (at === bytes.length) return MORE;
    if (bytes[at] !== COLON || at === from) return BAD;
    const colon = at;
    at += 1;
    while (bytes[at] === SPACE || bytes[at] === TAB) at += 1;
    const start = at;
    while (((CLASSES[bytes[at] as number] as number) & FIELD_VALUE) !== 0) at += 1;
    if (at + 1 >= bytes.length) return at < bytes.length && bytes[at] !== CR ? BAD : MORE;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return BAD;
    let end = at;
    while (end > start && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end -= 1;
    this.#add(from, colon, start, end);
    return at + 2;
  }

  #add(name: number, colon: number, start: number, end: number): void {
    const at = this.#count * PER_FIELD;
    if (at === this.#places.length) this.#grow();
    const places = this.#places;
    places[at] = name;
    places[at + 1] = colon;
    places[at + 2] = start;
    places[at + 3] = end;
    this.#count += 1;
  }

  #grow(): void {
    const larger = new Int32Array(this.#places.length * 2);
    larger.set(this.#places);
    this.#places = larger;
  }
}

/** Numbers of so many digits are exact. */
const MAX_DIGITS = 15;

function readDigits(bytes: Buffer, from: number, to: number): number {
  if (to === from || to - from > MAX_DIGITS) return -1;
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (((CLASSES[byte] ?? 0) & DIGIT) === 0) return -1;
    number = number * 10 + byte - 0x30;
  }
  return number;
}

const MORE = -1;
const BAD = -2;

function endOfHead(bytes: Buffer, at: number): Scanned {
  if (at + 1 === bytes.length) return 'more';
  return bytes[at + 1] === LF ? at + 2 : 'bad';
}
