/** Whether an IP address, in any spelling of a socket (`10.0.0.1`, `::ffff:10.0.0.1`, `fe80::1%eth0`), lies in some network. */
export type NetworkTest = (address: string) => boolean;

/** An address that was read: the 32 bits of IPv4, or the four words of IPv6. IPv4 that is mapped into IPv6 is IPv4. */
export type IpAddress = readonly number[];

interface Network {
  readonly words: IpAddress;
  /** How many of the first bits count. */
  readonly bits: number;
}

/** Whether `text` is a network (`10.0.0.0/8`, `2001:db8::/32`) or a single address. Bits behind the prefix do not matter. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** For networks and single addresses. One that is neither matches nothing; so does an address that is none. */
export function compileNetworks(networks: readonly string[]): NetworkTest {
  const isIn = compileAddressTest(networks);
  return (address) => {
    const words = parseAddress(address);
    return words !== undefined && isIn(words);
  };
}

/** {@link compileNetworks} for an address that is read once and asked of many. */
export function compileAddressTest(networks: readonly string[]): (address: IpAddress) => boolean {
  const parsed = networks.map(parseNetwork).filter((network) => network !== undefined);
  return (address) => parsed.some((network) => contains(network, address));
}

/** Undefined when it is no IP address. A zone (`%eth0`) does not matter. */
export function parseAddress(text: string): IpAddress | undefined {
  const zone = text.indexOf('%');
  return parseIp(zone === -1 ? text : text.slice(0, zone));
}

function contains({ words, bits }: Network, address: IpAddress): boolean {
  if (words.length !== address.length) return false;
  for (let at = 0; at < words.length; at += 1) {
    const left = bits - 32 * at;
    if (left <= 0) return true;
    const different = (address[at] ?? 0) ^ (words[at] ?? 0);
    if (left >= 32 ? different !== 0 : different >>> (32 - left) !== 0) return false;
  }
  return true;
}

const MAPPED_BITS = 96;

function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const words = parseIp(address);
  if (words === undefined) return undefined;
  const all = words.length * 32;
  if (slash === -1) return { words, bits: all };
  const length = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  // A network that is written in mapped form counts its bits from the whole IPv6 address.
  const bits = Number(length) - (address.includes(':') && words.length === 1 ? MAPPED_BITS : 0);
  return bits < 0 || bits > all ? undefined : { words, bits };
}

function parseIp(text: string): IpAddress | undefined {
  if (text.includes(':')) return parseIpv6(text);
  const word = parseIpv4(text);
  return word === undefined ? undefined : [word];
}

/** Four numbers, none with a leading zero (which some read as octal). It is asked of every request: no regular expression. */
function parseIpv4(text: string): number | undefined {
  let word = 0;
  let byte = -1;
  let dots = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit === DOT && byte !== -1) {
      word = word * 256 + byte;
      byte = -1;
      dots += 1;
    } else if (digit >= 0 && digit <= 9 && byte !== 0) {
      byte = byte === -1 ? digit : byte * 10 + digit;
      if (byte > 255) return undefined;
    } else return undefined;
  }
  return dots === 3 && byte !== -1 ? (word * 256 + byte) | 0 : undefined;
}

const ZERO = 48;
const DOT = -2;

const MAPPED_WORD = 0xffff;

/** RFC 4291 section 2.2: groups, one `::` for the zeros between them, perhaps IPv4 at the end. */
function parseIpv6(text: string): IpAddress | undefined {
  const groups = parseSides(text);
  if (groups === undefined) return undefined;
  const wordAt = (word: number): number => ((groups[2 * word] ?? 0) << 16) | (groups[2 * word + 1] ?? 0);
  const [first, second, third, fourth] = [wordAt(0), wordAt(1), wordAt(2), wordAt(3)];
  const isMapped = first === 0 && second === 0 && third === MAPPED_WORD;
  return isMapped ? [fourth] : [first, second, third, fourth];
}

/** All eight groups. */
function parseSides(text: string): readonly number[] | undefined {
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const [head = '', tail] = sides;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...Array.from({ length: missing }, () => 0), ...after];
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
