import type { EdgeAction, EdgeBackend, EdgeMatch, EdgeRule, EdgeTimeouts } from '@lanekeeper/protocol/edge';
import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { compileNetworks, type NetworkTest } from '@lanekeeper/runtime/networks';
import type { EdgeHandling } from '../../exchange/exchange.ts';
import { headerCondition, queryCondition } from '../../lane/match-fields.ts';
import { UNSALTED } from '../../lane/share.ts';
import { hashOf } from './affinity.ts';
import { compileCanary } from './canary.ts';
import { compileCors } from './cors.ts';
import { canonicalRulePath, trimPrefix } from './edge-path.ts';
import type { Backend, Rule, RuleAction } from './edge-table.ts';
import { compileChange } from './header-changes.ts';
import { compileRewrite } from './rewrite.ts';
import type { IndexedRule } from './rule-index.ts';

export interface RulePlace {
  readonly host: string;
  /** Among the rules of the host. */
  readonly order: number;
}

export function compileRule(rule: EdgeRule, { host, order }: RulePlace): Rule {
  const place = placeOf(rule.match);
  const prefix = matchedPrefix(rule.match);
  return {
    ...{ name: rule.name, host, order, place, prefix },
    matches: compileMatch(rule.match),
    action: compileAction(rule.action),
    requestEdits: compileChange(rule.requestHeaders),
    responseEdits: compileChange(rule.responseHeaders),
    rewrite: compileRewrite(rule.rewrite, prefix),
    cors: rule.cors === undefined ? undefined : compileCors(rule.cors),
    mirrors: rule.mirrors ?? [],
    isAllowed: compileAccess(rule.allow ?? [], rule.deny ?? []),
    affinity: rule.affinity,
    canaries: (rule.canaries ?? []).map((canary) => compileCanary(canary, compileBackend(canary.backend))),
    limits: limitsOf(rule),
  };
}

/** Undefined: all may come. */
export function compileAccess(allow: readonly string[], deny: readonly string[]): NetworkTest | undefined {
  if (allow.length === 0 && deny.length === 0) return undefined;
  const isDenied = compileNetworks(deny);
  if (allow.length === 0) return (address) => !isDenied(address);
  const isAllowed = compileNetworks(allow);
  return (address) => isAllowed(address) && !isDenied(address);
}

function placeOf({ path }: EdgeMatch): IndexedRule['place'] {
  if (path === undefined || 'regex' in path) return { kind: 'any' };
  if ('exact' in path) return { kind: 'exact', path: canonicalRulePath(path.exact) };
  return { kind: 'prefix', path: canonicalRulePath(trimPrefix(path.prefix)) };
}

/** What {@link placeOf} says of a prefix; empty for a rule that is for any path. */
function matchedPrefix({ path }: EdgeMatch): string | undefined {
  if (path === undefined) return '';
  return 'prefix' in path ? canonicalRulePath(trimPrefix(path.prefix)) : undefined;
}

/** What is malformed matches nothing: sources refuse it, and if it slips through it must not take everybody's requests. */
function compileMatch({ path, method, headers = {}, query = {} }: EdgeMatch): Rule['matches'] {
  const conditions = [headerCondition(headers, UNSALTED), queryCondition(query, UNSALTED)];
  const fields = conditions.filter((one) => one !== undefined);
  const regex = path !== undefined && 'regex' in path ? compileRegex(path.regex) : undefined;
  if (regex !== undefined && 'problem' in regex) return () => false;
  if (regex === undefined && method === undefined && fields.length === 0) return () => true;
  return (view, pathname) =>
    (method === undefined || view.head.method === method) &&
    fields.every((condition) => condition(view)) &&
    (regex === undefined || regex.test(pathname));
}

function compileAction(action: EdgeAction): RuleAction {
  return action.kind === 'forward'
    ? { kind: 'forward', backends: action.backends.map(compileBackend) }
    : action;
}

function compileBackend(backend: EdgeBackend): Backend {
  const { service, port, weight, lane, subset, protocol } = backend;
  const id = service === undefined ? undefined : serviceId(service);
  const name = id === undefined ? 'a backend that does not resolve' : `${id}:${port}`;
  return {
    ...{ name, serviceId: id, hash: hashOf(`${name} ${subset ?? ''}`) },
    ...{ port, weight: weight > 0 ? weight : 0, lane, subset, protocol },
    requestEdits: compileChange(backend.requestHeaders),
    responseEdits: compileChange(backend.responseHeaders),
  };
}

function limitsOf({ timeouts = {}, maxBodyBytes }: EdgeRule): EdgeHandling | undefined {
  const limits: EdgeHandling = {
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    ...timeoutsOf(timeouts),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

/** 0 is none, also where the driver would have a bound of its own. */
function timeoutsOf({ connectMs, requestMs, backendRequestMs }: EdgeTimeouts): EdgeHandling {
  return {
    ...(connectMs === undefined ? {} : { connectTimeoutMs: connectMs }),
    ...(requestMs === undefined ? {} : { requestTimeoutMs: requestMs }),
    ...(backendRequestMs === undefined ? {} : { attemptTimeoutMs: backendRequestMs }),
  };
}
