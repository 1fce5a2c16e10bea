import type { EdgeRedirect } from '@lanekeeper/protocol/edge';
import type { RequestHead } from '../../wire/head.ts';
import type { LocalReply } from '../../wire/local-reply.ts';
import type { EdgePath } from './edge-path.ts';
import type { Listener } from './edge-table.ts';
import { replacePath } from './rewrite.ts';

export interface Redirected {
  readonly head: RequestHead;
  readonly path: EdgePath;
  readonly listener: Listener;
  /** What the rule matched, where it is a prefix. */
  readonly prefix: string | undefined;
}

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
function locationOf(redirect: EdgeRedirect, { head, path, listener, prefix }: Redirected): string {
  const scheme = redirect.scheme ?? listener.protocol;
  const host = redirect.host ?? hostOf(head.authority);
  const port =
    redirect.port ?? (redirect.scheme === undefined ? listener.publicPort : DEFAULT_PORTS[redirect.scheme]);
  const shown = port === 0 || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`;
  const question = head.path.indexOf('?');
  const raw = question === -1 ? head.path : head.path.slice(0, question);
  const target = redirect.path === undefined ? raw : replacePath(redirect.path, prefix, path.pathname);
  return `${scheme}://${host}${shown}${target}${path.query}`;
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
