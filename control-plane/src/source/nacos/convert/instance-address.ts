import { isIP } from 'node:net';
import { canonicalHost, isHost } from '@lanekeeper/runtime/socket-address';

const MAPPED = '::ffff:';
/** Who connects to one of these reaches the own host, or everybody. */
const NOBODYS = new Set(['0.0.0.0', '::', '255.255.255.255']);
/** fe80::/10: each link of a host has such addresses of its own. */
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;

/**
 * The one spelling of an instance's address, IP or host name; undefined: nobody can connect to it. Java writes an IPv6 address with
 * its interface (`2001:db8::1%eth0`), some registrants with brackets.
 */
export function instanceAddress(text: string): string | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const [host = ''] = bare.split('%', 1);
  const isWithInterface = host.length < bare.length;
  if (!isHost(host) || (isWithInterface && isIP(host) !== 6)) return undefined;
  const canonical = canonicalHost(host);
  const mapped = canonical.startsWith(MAPPED) ? canonical.slice(MAPPED.length) : '';
  const address = isIP(mapped) === 4 ? mapped : canonical;
  return NOBODYS.has(address) || LINK_LOCAL.test(address) ? undefined : address;
}

/** A port that somebody can listen on. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
