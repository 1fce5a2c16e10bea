/** What a byte may be part of (RFC 9110 sections 5.5 and 5.6.2; RFC 9112 section 3). */
export const TOKEN = 1;
export const FIELD_VALUE = 2;
export const TARGET = 4;
export const DIGIT = 8;

export const CR = 0x0d;
export const LF = 0x0a;
export const SPACE = 0x20;
export const TAB = 0x09;
export const COLON = 0x3a;
const HASH = 0x23;

/** By byte; undefined past the end of a text is no class. */
export const CLASSES: Uint8Array = makeClasses();

function makeClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  const mark = (bytes: Iterable<number>, kind: number): void => {
    for (const byte of bytes) classes[byte] = (classes[byte] ?? 0) | kind;
  };
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const digits = '0123456789';
  mark(Buffer.from(`!#$%&'*+-.^_\`|~${digits}${letters}${letters.toUpperCase()}`, 'latin1'), TOKEN);
  mark([TAB, ...range(0x20, 0x7e), ...range(0x80, 0xff)], FIELD_VALUE);
  mark(
    range(0x21, 0x7e).filter((byte) => byte !== HASH),
    TARGET,
  );
  mark(Buffer.from(digits, 'latin1'), DIGIT);
  return classes;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** Whether the bytes at `at` are `lower`, a name of lower-case letters, digits and hyphens, in any case. */
export function isNameAt(bytes: Uint8Array, at: number, lower: string): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    if (lowered(bytes[at + index] ?? 0) !== lower.charCodeAt(index)) return false;
  }
  return true;
}

function lowered(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** A part of a head as text, a character a byte. */
export function textOf(bytes: Buffer, from = 0, to = bytes.length): string {
  return bytes.toString('latin1', from, to);
}

/** Whether bytes end a line. */
export function isLineEnd(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === CR && bytes[at + 1] === LF;
}
