import type { Random } from './random.ts';

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const splice = (bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What stands between tokens: swapped for each other they make two readings of one message. */
const SEPARATORS = [
  '\r\n',
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '\r\n ',
  '\r\n\t',
  ' ',
  '\t',
  '\0',
  '\v',
  ':',
  ' :',
  ',',
  ';',
  '\r\n\r\n',
  '',
];
const NUMBERS = [
  '0',
  '-1',
  '+3',
  '00',
  '03',
  '0x3',
  '3 ',
  '3,3',
  '3;x',
  '18446744073709551616',
  '9007199254740993',
  '4294967296',
  '1e1',
  '',
  'ffffffffffffffff',
  '7fffffff',
];
const LINES = [
  'Content-Length: 3',
  'Content-Length: 0',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding:\tchunked',
  'transfer-encoding: CHUNKED',
  'Transfer-Encoding: gzip, chunked',
  'Host: u',
  'Host: other',
  'Host:',
  'Connection: close',
  'Connection: upgrade',
  'Connection: content-length',
  'Connection: host, transfer-encoding, baggage',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: x',
  'Trailer: x-t',
  'TE: trailers',
  'baggage: lane=gray',
  'baggage: lane=%',
  'x-lanekeeper-hop: x',
  'Keep-Alive: timeout=0',
  'Proxy-Connection: keep-alive',
  'X-a: \u00ff',
  'X-a:',
  ': x',
  'X',
  '__proto__: x',
  'constructor: y',
];

/** Line starts after the first line. */
function lineStarts(bytes: Buffer): readonly number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
  return starts;
}

function matches(bytes: Buffer, pattern: RegExp): readonly RegExpExecArray[] {
  return [...bytes.toString('latin1').matchAll(pattern)];
}

function swap(
  bytes: Buffer,
  random: Random,
  { pattern, by }: { readonly pattern: RegExp; readonly by: readonly string[] },
): Buffer {
  const found = matches(bytes, pattern);
  if (found.length === 0) return bytes;
  const match = random.pick(found);
  return splice(bytes, match.index, match[0].length, latin1(random.pick(by)));
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    const flipped = Buffer.from(bytes);
    const at = random.below(bytes.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
    return flipped;
  },
  (bytes, random) => splice(bytes, random.below(bytes.length), 1, random.bytes(1)),
  (bytes, random) => splice(bytes, random.below(bytes.length), random.below(12), Buffer.alloc(0)),
  (bytes, random) => splice(bytes, random.below(bytes.length), 0, latin1(random.pick(SEPARATORS))),
  (bytes, random) => {
    const at = random.below(bytes.length);
    const slice = bytes.subarray(at, at + 1 + random.below(40));
    return splice(bytes, random.chance(0.5) ? at : random.below(bytes.length), 0, slice);
  },
  (bytes, random) => swap(bytes, random, { pattern: /\r\n|[ :]/g, by: SEPARATORS }),
  (bytes, random) => swap(bytes, random, { pattern: /[0-9a-fA-F]+/g, by: NUMBERS }),
  (bytes, random) => {
    const starts = lineStarts(bytes);
    const at = starts.length === 0 ? 0 : random.pick(starts);
    return splice(bytes, at, 0, latin1(`${random.pick(LINES)}\r\n`));
  },
  (bytes, random) => {
    const starts = lineStarts(bytes);
    if (starts.length < 2) return bytes;
    const which = random.below(starts.length - 1);
    const line = bytes.subarray(starts[which], starts[which + 1]);
    return splice(bytes, random.pick(starts), 0, line);
  },
  (bytes, random) => bytes.subarray(0, 1 + random.below(bytes.length)),
  (bytes, random) =>
    splice(
      bytes,
      random.below(bytes.length),
      0,
      Buffer.alloc(1 << (6 + random.below(11)), random.pick(['a', '\n', ' ', '0', '\0'])),
    ),
  (bytes, random) => Buffer.concat([bytes, random.bytes(1 + random.below(64))]),
];

/** `bytes` with up to four changes, each where and what `random` says; sometimes with none. */
export function mutate(bytes: Buffer, random: Random): Buffer {
  let mutated = bytes;
  const changes = random.pick([0, 1, 1, 1, 2, 2, 3, 4]);
  for (let change = 0; change < changes && mutated.length > 0; change += 1)
    mutated = random.pick(MUTATIONS)(mutated, random);
  return mutated;
}

/** Cuts `bytes` into what is written one after the other: whole, at a few places, or (where short) after every byte. */
export function cut(bytes: Buffer, random: Random): readonly Buffer[] {
  const way = random.below(10);
  if (way < 5 || bytes.length < 2) return [bytes];
  if (way === 9 && bytes.length < 400) return [...bytes].map((byte) => Buffer.from([byte]));
  const places = Array.from({ length: 1 + random.below(3) }, () => 1 + random.below(bytes.length - 1));
  const ends = [...new Set(places)].toSorted((one, other) => one - other);
  return [0, ...ends].map((from, at) => bytes.subarray(from, ends[at] ?? bytes.length));
}
