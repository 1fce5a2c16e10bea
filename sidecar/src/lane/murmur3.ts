const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const NOT_ASCII = /[^\0-\x7f]/;
const UTF8 = new TextEncoder();

/** MurmurHash3_x86_32 of the UTF-8 of `text`: 32 bits, unsigned. Fast and even, no defence against who chooses the text. */
export function murmur3(text: string, seed: number): number {
  const bytes = NOT_ASCII.test(text) ? toByteString(text) : text;
  const { length } = bytes;
  const whole = length & ~3;
  let hash = seed;
  for (let at = 0; at < whole; at += 4) {
    const low = bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8);
    const high = bytes.charCodeAt(at + 2) | (bytes.charCodeAt(at + 3) << 8);
    hash = Math.imul(rotate(hash ^ scramble(low | (high << 16)), 13), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let at = length - 1; at >= whole; at -= 1) tail = (tail << 8) | bytes.charCodeAt(at);
  return finish(hash ^ scramble(tail) ^ length);
}

/** One character a byte. */
function toByteString(text: string): string {
  return Array.from(UTF8.encode(text), (byte) => String.fromCharCode(byte)).join('');
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, C1), 15), C2);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finish(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return (second ^ (second >>> 16)) >>> 0;
}
