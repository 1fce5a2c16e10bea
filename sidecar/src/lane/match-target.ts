import type { PathMatch } from '@lanekeeper/protocol/model';
import type { Condition } from './condition.ts';
import { regexTest } from './match-value.ts';
import { hostName } from './request-view.ts';

/** Exact names, `*.example.com` (any depth below, not itself) or `*`; port, case and a final dot do not matter. */
export function hostCondition(hosts: readonly string[]): Condition | undefined {
  if (hosts.length === 0) return undefined;
  const names = hosts.map((host) => hostName(host.toLowerCase()));
  if (names.includes('*')) return () => true;
  const exact = new Set(names.filter((name) => !name.startsWith('*.')));
  const suffixes = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  return ({ host }) => exact.has(host) || suffixes.some((suffix) => isBelow(host, suffix));
}

function isBelow(host: string, suffix: string): boolean {
  return host.length > suffix.length && host.endsWith(suffix);
}

export function methodCondition(methods: readonly string[]): Condition | undefined {
  if (methods.length === 0) return undefined;
  const wanted = new Set(methods.map((method) => method.toUpperCase()));
  return ({ head }) => wanted.has(head.method);
}

/**
 * The path as received, without the query. A prefix holds for whole segments, as PathPrefix of Gateway API: `/a` for `/a/b`, not `/ab`.
 * A regular expression must match all of it.
 */
export function pathCondition(paths: readonly PathMatch[]): Condition | undefined {
  if (paths.length === 0) return undefined;
  const tests = paths.map(pathTest);
  return ({ path }) => tests.some((test) => test(path));
}

function pathTest(match: PathMatch): (path: string) => boolean {
  if ('exact' in match) return (path) => path === match.exact;
  if ('regex' in match) return regexTest(match.regex);
  const prefix = match.prefix.replace(/\/+$/, '');
  return (path) => path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}
