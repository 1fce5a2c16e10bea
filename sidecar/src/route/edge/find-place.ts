import type { RequestView } from '../../lane/request-view.ts';
import type { EdgeConnection } from '../../listen/connection.ts';
import type { EdgePath } from './edge-path.ts';
import type { EdgeTable, Listener, Rule } from './edge-table.ts';
import { findByHost, firstByHost } from './host-index.ts';
import { findRule } from './rule-index.ts';

/**
 * The listener that a request is for; `misdirected` where its connection was made for another one (RFC 9110 section 15.5.20): a
 * client may use a connection for another host only where the same listener, with its certificates and policy, serves both.
 */
export function findListener(
  { ports, plain }: EdgeTable,
  edge: EdgeConnection | undefined,
  host: string,
): Listener | 'misdirected' | undefined {
  if (edge === undefined) return plain;
  const sharing = ports.get(edge.port);
  if (sharing === undefined) return undefined;
  const listener = findByHost(sharing, host);
  if (listener === undefined || !edge.isTls) return listener;
  return findByHost(sharing, edge.serverName ?? '') === listener ? listener : 'misdirected';
}

export interface Asked {
  readonly view: RequestView;
  readonly host: string;
  readonly path: EdgePath;
  /** What a trusted proxy says that the client spoke to it; undefined: nobody says so. */
  readonly scheme: string | undefined;
}

/** The rule for a request; `unsafe` where another reading of its path would lead to another one. */
export function findEdgeRule(listener: Listener, asked: Asked): Rule | 'unsafe' | undefined {
  const { pathname, loose } = asked.path;
  const rule = ruleAt(listener, asked, pathname);
  if (rule === undefined || loose === pathname) return rule;
  return ruleAt(listener, asked, loose) === rule ? rule : 'unsafe';
}

/** A redirect to where the client is already gives way to what stands behind it, if anything does. */
function ruleAt(listener: Listener, asked: Asked, pathname: string): Rule | undefined {
  const { view, host, scheme } = asked;
  const matches = (rule: Rule): boolean => rule.matches(view, pathname);
  const rule = firstByHost(listener.hosts, host, (rules) => findRule(rules, pathname, matches));
  if (rule === undefined || scheme === undefined || !leadsBack(rule, scheme)) return rule;
  const leadsOn = (one: Rule): boolean => !leadsBack(one, scheme) && one.matches(view, pathname);
  return firstByHost(listener.hosts, host, (rules) => findRule(rules, pathname, leadsOn)) ?? rule;
}

/** It changes the scheme alone, to the one that the client speaks to the proxy before us. */
function leadsBack({ action }: Rule, scheme: string): boolean {
  if (action.kind !== 'redirect' || action.scheme !== scheme) return false;
  const { host, port, path, location } = action;
  return host === undefined && port === undefined && path === undefined && location === undefined;
}
