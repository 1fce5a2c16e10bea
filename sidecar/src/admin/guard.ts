import type { IncomingHttpHeaders } from 'node:http';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';

/** Why a request is refused before it reaches an endpoint. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/**
 * The admin port answers only who asked for this machine by name. A page from elsewhere can make a browser connect to loopback
 * by pointing its own host name there (DNS rebinding), but the Host header then still bears that name.
 */
export function checkHost(headers: IncomingHttpHeaders, bound: SocketAddress): Refusal | undefined {
  const host = hostOnly(headers.host ?? '');
  if (['localhost', '127.0.0.1', '[::1]', hostOnly(formatAddress(bound))].includes(host)) return undefined;
  return {
    code: 'foreign-host',
    message: `the admin port is for this machine: ask for localhost, 127.0.0.1 or [::1], not for ${JSON.stringify(host)}`,
  };
}

/**
 * A page from elsewhere may send a form or a simple request here without asking; it cannot forge Origin or Sec-Fetch-Site, and
 * tools like curl send neither.
 */
export function checkOrigin(headers: IncomingHttpHeaders): Refusal | undefined {
  const { origin, host = '' } = headers;
  const site = headers['sec-fetch-site'];
  const isSameOrigin = origin === undefined || origin === `http://${host}`;
  const isSameSite = site === undefined || site === 'same-origin' || site === 'none';
  if (isSameOrigin && isSameSite) return undefined;
  return { code: 'cross-origin', message: 'a page of another origin may not change anything here' };
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** Lower-case, without the port: kubectl port-forward picks one of its own. */
function hostOnly(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}
