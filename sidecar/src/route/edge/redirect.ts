import type { EdgeRedirect } from '@lanekeeper/protocol/edge';
import type { RequestHead } from '../../wire/head.ts';
import type { LocalReply } from '../../wire/local-reply.ts';
import type { Client } from './client-address.ts';
import type { EdgePath } from './edge-path.ts';
import type { Listener } from './edge-table.ts';
import { replacePath } from './rewrite.ts';

export interface Redirected {
  readonly head: RequestHead;
  readonly path: EdgePath;
  readonly listener: Listener;
  readonly client: Client;
  /** What the rule matched, where it is a prefix. */
  readonly prefix: string | undefined;
}

const MAX_PORT = 65_535;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

export function redirectReply(redirect: EdgeRedirect, from: Redirected): LocalReply {
  const location = visible(redirect.location ?? locationOf(redirect, from));
  return {
    status: redirect.status,
    headers: [
      ['location', location],
      ['content-length', '0'],
    ],
    body: '',
    closes: false,
  };
}

/** Gateway API, HTTPRequestRedirectFilter: the port of a scheme that is said is its own, else the listener's; defaults are not shown. */
function locationOf(redirect: EdgeRedirect, from: Redirected): string {
  const { head, path, prefix } = from;
  const seen = seenByClient(from);
  const scheme = redirect.scheme ?? seen.scheme;
  const host = redirect.host ?? hostOf(head.authority);
  const port = redirect.port ?? (redirect.scheme === undefined ? seen.port : DEFAULT_PORTS[redirect.scheme]);
  const shown = port === 0 || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`;
  const question = head.path.indexOf('?');
  const raw = question === -1 ? head.path : head.path.slice(0, question);
  const target = redirect.path === undefined ? raw : replacePath(redirect.path, prefix, path.pathname);
  return `${scheme}://${host}${shown}${target}${path.query}`;
}

/** What a trusted proxy that ends TLS says it was asked by, else the listener's own. */
function seenByClient({ head, listener, client }: Redirected): { scheme: 'http' | 'https'; port: number } {
  const proto = client.isForwarded ? head.headers.get('x-forwarded-proto') : undefined;
  if (proto !== 'http' && proto !== 'https') return { scheme: listener.protocol, port: listener.publicPort };
  const port = Number(head.headers.get('x-forwarded-port'));
  return {
    scheme: proto,
    port: Number.isInteger(port) && port > 0 && port <= MAX_PORT ? port : DEFAULT_PORTS[proto],
  };
}

/** Without the port, with the brackets of an IPv6 address. */
function hostOf(authority: string): string {
  const end = authority.lastIndexOf(':');
  return end === -1 || authority.endsWith(']') ? authority : authority.slice(0, end);
}

/** Parts of it come from the request: nothing may end the header, or make browsers read another host. */
function visible(location: string): string {
  return location.replace(/[^\x21-\x7e]|\\/g, (character) => encodeURIComponent(character.toWellFormed()));
}
