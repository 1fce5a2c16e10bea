import { HUFFMAN_CODES } from './huffman-codes.ts';

const END_SYMBOL = 256;
/** Bits of a row: a symbol that is complete, whether there is one, whether the text may end here; the rest is the next state. */
const SYMBOL = 0xff;
const HAS_SYMBOL = 0x100;
const MAY_END = 0x200;
const NEXT_SHIFT = 10;
const NIBBLES = 16;
const FAILS = -1;

/** By state (a node of the tree of codes) and the next four bits; made at start, some 16 KB. */
const ROWS: Int32Array = makeRows();

/**
 * Decodes the octets of a string (RFC 7541, section 5.2) into `scratch`, which has room for them; answers how many characters there
 * are. -1: not a text in this code, or its padding is longer than seven bits or not the start of the code for the end.
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, scratch: Buffer): number {
  let state = 0;
  let length = 0;
  let row = MAY_END;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    for (let shift = 4; shift >= 0; shift -= 4) {
      row = ROWS[state * NIBBLES + ((byte >> shift) & 0x0f)] as number;
      if (row === FAILS) return FAILS;
      if ((row & HAS_SYMBOL) !== 0) {
        scratch[length] = row & SYMBOL;
        length += 1;
      }
      state = row >> NEXT_SHIFT;
    }
  }
  return (row & MAY_END) === 0 ? FAILS : length;
}

/** The most characters that so many octets can stand for: the shortest code has 5 bits. */
export function mostCharacters(octets: number): number {
  return Math.floor((octets * 8) / 5);
}

interface Node {
  readonly children: [Node | undefined, Node | undefined];
  symbol: number | undefined;
  /** Of bits from the root, all of them ones. */
  readonly depth: number;
  readonly isAllOnes: boolean;
  state: number;
}

function newNode(depth: number, isAllOnes: boolean): Node {
  return { children: [undefined, undefined], symbol: undefined, depth, isAllOnes, state: 0 };
}

function makeTree(): { readonly root: Node; readonly inner: readonly Node[] } {
  const root = newNode(0, true);
  const inner: Node[] = [root];
  for (const { symbol, code, length } of HUFFMAN_CODES) {
    let node = root;
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      const side = ((code >> bit) & 1) as 0 | 1;
      const child = node.children[side] ?? newNode(node.depth + 1, node.isAllOnes && side === 1);
      node.children[side] = child;
      node = child;
    }
    node.symbol = symbol;
  }
  for (let at = 0; at < inner.length; at += 1) {
    for (const child of inner[at]?.children ?? []) {
      if (child === undefined || child.symbol !== undefined) continue;
      child.state = inner.length;
      inner.push(child);
    }
  }
  return { root, inner };
}

function makeRows(): Int32Array {
  const { root, inner } = makeTree();
  const rows = new Int32Array(inner.length * NIBBLES).fill(FAILS);
  for (const node of inner) {
    for (let nibble = 0; nibble < NIBBLES; nibble += 1) {
      rows[node.state * NIBBLES + nibble] = rowOf(root, node, nibble);
    }
  }
  return rows;
}

function rowOf(root: Node, from: Node, nibble: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit -= 1) {
    const next = node.children[((nibble >> bit) & 1) as 0 | 1];
    if (next === undefined || next.symbol === END_SYMBOL) return FAILS;
    if (next.symbol !== undefined) emitted = HAS_SYMBOL | next.symbol;
    node = next.symbol === undefined ? next : root;
  }
  // Padding is the start of the code for the end, which is all ones, and shorter than an octet (RFC 7541, section 5.2).
  const mayEnd = node.isAllOnes && node.depth < 8 ? MAY_END : 0;
  return (node.state << NEXT_SHIFT) | mayEnd | emitted;
}

/** How many octets a text of one-byte characters takes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at += 1) bits += HUFFMAN_CODES[text.charCodeAt(at)]?.length ?? 0;
  return (bits + 7) >> 3;
}

/** Writes a text of one-byte characters at `at`; the position after it. */
export function encodeHuffman(text: string, out: Uint8Array, from: number): number {
  let at = from;
  let pending = 0;
  let bits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const { code, length } = HUFFMAN_CODES[text.charCodeAt(index)] ?? { code: 0, length: 0 };
    // Of codes longer than 24 bits the first part goes first, so that 32 bits suffice.
    for (let left = length; left > 0;) {
      const step = Math.min(left, 16);
      left -= step;
      pending = ((pending << step) | ((code >>> left) & ((1 << step) - 1))) >>> 0;
      bits += step;
      while (bits >= 8) {
        bits -= 8;
        out[at] = (pending >>> bits) & 0xff;
        at += 1;
      }
      pending &= (1 << bits) - 1;
    }
  }
  if (bits === 0) return at;
  const padding = 8 - bits;
  out[at] = (pending << padding) | ((1 << padding) - 1);
  return at + 1;
}
