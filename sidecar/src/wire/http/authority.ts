import { canonicalHost, type SocketAddress } from '@lanekeeper/runtime/socket-address';

/** uri-host [":" port] of RFC 3986, lower-case: a registered name or IPv4 address, or an IP literal in brackets. */
const AUTHORITY = /^(?:[a-z0-9._~!$&'()*+;=%-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** Whether a lower-case `host` or `host:port` is one that a request may name. A comma is not allowed: it would be two of them. */
export function isAuthority(value: string): boolean {
  return AUTHORITY.test(value);
}

/** Whether two lower-case authorities of `http` are the same, port 80 said or not. */
export function sameAuthority(one: string, other: string): boolean {
  return one === other || withoutDefaultPort(one) === withoutDefaultPort(other);
}

function withoutDefaultPort(authority: string): string {
  return authority.endsWith(':80') ? authority.slice(0, -3) : authority;
}

/** The target of a CONNECT: host and port, both needed (RFC 9110 section 9.3.6). */
export function parseConnectTarget(target: string): SocketAddress | undefined {
  const lower = target.toLowerCase();
  const colon = lower.lastIndexOf(':');
  if (!isAuthority(lower) || colon < 1 || lower.endsWith(']')) return undefined;
  const port = Number(lower.slice(colon + 1));
  const host = lower.slice(0, colon);
  if (port < 1 || port > 65_535) return undefined;
  return { address: host.startsWith('[') ? canonicalHost(host.slice(1, -1)) : host, port };
}
