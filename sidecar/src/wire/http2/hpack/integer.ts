/** Larger ones stand for nothing that is accepted here. */
const MAX_INTEGER = 2 ** 28;

/** Reads integers of a header block (RFC 7541, section 5.1). One object a decoder; `at` moves on. */
export class BlockReader {
  bytes: Uint8Array = new Uint8Array();
  at = 0;
  end = 0;

  begin(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  /** The integer whose first octet, of which the last `bits` bits count, is at `at`; -1: it is cut off or too large. */
  integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = (this.bytes[this.at] ?? 0) & most;
    this.at += 1;
    if (value < most) return value;
    for (let shift = 0; ; shift += 7) {
      if (this.at >= this.end) return -1;
      const octet = this.bytes[this.at] ?? 0;
      this.at += 1;
      value += (octet & 0x7f) * 2 ** shift;
      if (value > MAX_INTEGER || shift > 28) return -1;
      if (octet < 0x80) return value;
    }
  }
}

/** Writes an integer at `at`, the first octet's upper bits being `pattern`; the position after it. */
export function writeInteger(
  out: Uint8Array,
  from: number,
  { value, bits, pattern }: { readonly value: number; readonly bits: number; readonly pattern: number },
): number {
  const most = (1 << bits) - 1;
  let at = from;
  if (value < most) {
    out[at] = pattern | value;
    return at + 1;
  }
  out[at] = pattern | most;
  at += 1;
  let left = value - most;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) {
    out[at] = (left & 0x7f) | 0x80;
    at += 1;
  }
  out[at] = left;
  return at + 1;
}
