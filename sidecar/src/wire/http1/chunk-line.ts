import { CLASSES, CR, FIELD_VALUE, LF } from './bytes.ts';

/** The line before a chunk (RFC 9112 section 7.1): its size, and where its data begins. */
export interface ChunkLine {
  size: number;
  dataAt: number;
}

const SEMICOLON = 0x3b;
/** 2 ** 52 and more would not be exact. */
const MAX_DIGITS = 13;
/** Extensions are passed on unread; nobody is known to send any. */
const MAX_EXTENSION = 1_024;

/** Reads the line at `at` into `line`. */
export function readChunkLine(bytes: Uint8Array, from: number, line: ChunkLine): 'read' | 'more' | 'bad' {
  let at = from;
  let size = 0;
  for (let digit = hexOf(bytes[at]); digit >= 0; digit = hexOf(bytes[at])) {
    size = size * 16 + digit;
    at += 1;
    if (at - from > MAX_DIGITS) return 'bad';
  }
  if (at === bytes.length) return 'more';
  if (at === from) return 'bad';
  if (bytes[at] === SEMICOLON) {
    const end = endOfExtension(bytes, at);
    if (end < 0) return end === MORE ? 'more' : 'bad';
    at = end;
  }
  if (bytes[at] !== CR) return 'bad';
  if (at + 1 === bytes.length) return 'more';
  if (bytes[at + 1] !== LF) return 'bad';
  line.size = size;
  line.dataAt = at + 2;
  return 'read';
}

const MORE = -1;
const BAD = -2;

function endOfExtension(bytes: Uint8Array, from: number): number {
  let at = from;
  while (((CLASSES[bytes[at] as number] as number) & FIELD_VALUE) !== 0) at += 1;
  if (at - from > MAX_EXTENSION) return BAD;
  return at === bytes.length ? MORE : at;
}

function hexOf(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
