import { isIP, isIPv6, SocketAddress as NodeSocketAddress } from 'node:net';

/** An IP address (no brackets) or host name, and a port. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** `127.0.0.1:80`, `[::1]:80`. */
export function formatAddress(at: SocketAddress): string {
  return at.address.includes(':') ? `[${at.address}]:${at.port}` : `${at.address}:${at.port}`;
}

/**
 * Reads what {@link formatAddress} writes: `127.0.0.1:80`, `[::1]:80`, `db.example.com:5432`. Undefined when it is anything
 * else: no port, a port above 65535, IPv6 without brackets. The address comes back in its canonical spelling.
 */
export function parseAddress(text: string): SocketAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^[\]:]+)):(0|[1-9][0-9]{0,4})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, bare, digits] = match;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  if (bracketed !== undefined) {
    return isIPv6(bracketed) ? { address: canonicalHost(bracketed), port } : undefined;
  }
  return bare !== undefined && isHost(bare) ? { address: canonicalHost(bare), port } : undefined;
}

const HOST_LABEL = /^[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?$/i;

/** Whether `text` is an IP address or a host name (RFC 1123, underscores tolerated), without brackets and port. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  if (text.length > 253) return false;
  const labels = text.split('.');
  // A last label of digits would make it a mistyped IPv4 address, as URL parsers have it.
  return labels.every((label) => HOST_LABEL.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '');
}

/** One spelling for one host: IPv6 compressed (RFC 5952), names in lower case. Expects what {@link isHost} accepts. */
export function canonicalHost(host: string): string {
  if (!isIPv6(host)) return host.toLowerCase();
  const zone = host.indexOf('%');
  const address = zone < 0 ? host : host.slice(0, zone);
  const canonical = new NodeSocketAddress({ address, family: 'ipv6' }).address;
  return zone < 0 ? canonical : canonical + host.slice(zone);
}

/** Whether only this machine can reach it: 127.0.0.0/8, `::1`, `localhost`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
