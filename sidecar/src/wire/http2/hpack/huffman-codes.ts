/** Lengths of the codes by octet, in bits (RFC 7541, appendix B). */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
/** The end of a string, of which only the first bits are ever sent, as padding. */
const END = { symbol: 256, length: 30 };

export interface HuffmanCode {
  readonly symbol: number;
  readonly code: number;
  /** In bits, 5 to 30. */
  readonly length: number;
}

/** All codes by symbol. The code is a canonical one: from length to length, and there by symbol, each is the one before plus one. */
export const HUFFMAN_CODES: readonly HuffmanCode[] = makeCodes();

function makeCodes(): readonly HuffmanCode[] {
  const symbols = [...LENGTHS.map((length, symbol) => ({ symbol, length })), END];
  const ordered = symbols.toSorted((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let before = 0;
  const codes = ordered.map(({ symbol, length }) => {
    code <<= length - before;
    before = length;
    code += 1;
    return { symbol, length, code: code - 1 };
  });
  return codes.toSorted((a, b) => a.symbol - b.symbol);
}
