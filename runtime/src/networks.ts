import { isIP, isIPv4 } from 'node:net';

/** Whether an IP address, in any spelling of a socket (`10.0.0.1`, `::ffff:10.0.0.1`, `fe80::1%eth0`), lies in some network. */
export type NetworkTest = (address: string) => boolean;

interface Network {
  readonly bytes: readonly number[];
  readonly prefix: number;
}

/** Whether `text` is a network (`10.0.0.0/8`, `2001:db8::/32`) or a single address. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** For networks and single addresses. One that is neither matches nothing; so does an address that is none. */
export function compileNetworks(networks: readonly string[]): NetworkTest {
  const parsed = networks.map(parseNetwork).filter((network) => network !== undefined);
  if (parsed.length === 0) return () => false;
  return (address) => {
    const bytes = addressBytes(address);
    return bytes !== undefined && parsed.some((network) => contains(network, bytes));
  };
}

function contains({ bytes: wanted, prefix }: Network, bytes: readonly number[]): boolean {
  if (wanted.length !== bytes.length) return false;
  const whole = prefix >> 3;
  for (let at = 0; at < whole; at += 1) if (wanted[at] !== bytes[at]) return false;
  const rest = prefix & 7;
  if (rest === 0) return true;
  const mask = 0xff & (0xff << (8 - rest));
  return ((wanted[whole] ?? 0) & mask) === ((bytes[whole] ?? 0) & mask);
}

function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const bytes = addressBytes(slash === -1 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const bits = bytes.length * 8;
  if (slash === -1) return { bytes, prefix: bits };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length)) return undefined;
  // A network that is written in mapped form counts its bits from the whole IPv6 address.
  const prefix = Number(length) - (text.includes(':') && bytes.length === 4 ? 96 : 0);
  return prefix < 0 || prefix > bits ? undefined : { bytes, prefix };
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** 4 bytes for IPv4, mapped or not, 16 for IPv6. */
function addressBytes(text: string): readonly number[] | undefined {
  const kind = isIP(text);
  if (kind === 4) return text.split('.').map(Number);
  if (kind === 0) return undefined;
  const zone = text.indexOf('%');
  const bytes = ipv6Bytes(zone === -1 ? text : text.slice(0, zone));
  return MAPPED.every((byte, at) => bytes[at] === byte) ? bytes.slice(12) : bytes;
}

/** Expects a valid address: at most one `::`, a dotted quad only at the end. */
function ipv6Bytes(text: string): readonly number[] {
  const [head = '', tail] = text.split('::', 2);
  const before = groupBytes(head);
  if (tail === undefined) return before;
  const after = groupBytes(tail);
  return [...before, ...Array.from({ length: 16 - before.length - after.length }, () => 0), ...after];
}

function groupBytes(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (isIPv4(group)) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
