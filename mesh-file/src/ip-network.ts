/** 128 bits in four words; an IPv4 address stands where IPv6 maps it (`::ffff:a.b.c.d`), so that both spellings are one address. */
type Words = readonly [number, number, number, number];

/** The addresses whose first bits are these. */
export interface Network {
  readonly words: Words;
  /** Of 128. */
  readonly bits: number;
}

const MAPPED = 0xffff;
const BITS_BEFORE_IPV4 = 96;

/** Reads `192.0.2.0/24`, `2001:db8::/32` or a single address; bits after the prefix do not matter. Undefined: neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const words = parseIp(address);
  if (words === undefined) return undefined;
  const before = address.includes(':') ? 0 : BITS_BEFORE_IPV4;
  if (slash === -1) return { words, bits: 128 };
  const length = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > 128 - before) return undefined;
  return { words, bits: before + Number(length) };
}

export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/**
 * Whether an address is in any of `networks`. An IPv6 zone (`%eth0`) and the brackets-free spelling do not matter; what is no
 * address is in none. Entries that are no networks are passed over: decoders refuse them.
 */
export function networksTest(networks: readonly string[]): (address: string) => boolean {
  const parsed = networks.map(parseNetwork).filter((network) => network !== undefined);
  return (address) => {
    const words = parseIp(withoutZone(address));
    return words !== undefined && parsed.some((network) => isIn(words, network));
  };
}

function isIn(address: Words, { words, bits }: Network): boolean {
  for (let word = 0; word < 4; word += 1) {
    const left = bits - 32 * word;
    if (left <= 0) return true;
    const different = (address[word] ?? 0) ^ (words[word] ?? 0);
    if (left >= 32 ? different !== 0 : different >>> (32 - left) !== 0) return false;
  }
  return true;
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

function parseIp(text: string): Words | undefined {
  if (text.includes(':')) return parseIpv6(text);
  const word = parseIpv4(text);
  return word === undefined ? undefined : [0, 0, MAPPED, word];
}

/** Four numbers, none with a leading zero (which some read as octal). */
const IPV4 = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/;

function parseIpv4(text: string): number | undefined {
  const match = IPV4.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((word, byte) => word * 256 + byte, 0) | 0;
}

/** RFC 4291 section 2.2: groups, one `::` for the zeros between them, perhaps IPv4 at the end. */
function parseIpv6(text: string): Words | undefined {
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const [head = '', tail] = sides;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  const wordAt = (word: number): number => ((groups[2 * word] ?? 0) << 16) | (groups[2 * word + 1] ?? 0) | 0;
  return [wordAt(0), wordAt(1), wordAt(2), wordAt(3)];
}

function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const ipv4 = isEnd && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 === undefined) return undefined;
    groups.push(ipv4 >>> 16, ipv4 & 0xffff);
  }
  return groups;
}
