import type { PathMatch } from '@lanekeeper/protocol/model';
import type { Condition } from './condition.ts';

/** Exact names, `*.example.com` (any depth below, not itself) or `*`; port, case and a final dot do not matter. */
export function hostCondition(hosts: readonly string[]): Condition | undefined {
  if (hosts.length === 0) return undefined;
  const names = hosts.map((host) => hostName(host.toLowerCase()));
  if (names.includes('*')) return () => true;
  const exact = names.filter((name) => !name.startsWith('*.'));
  const suffixes = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  return ({ authority }) =>
    exact.some((name) => isNamed(authority, name)) || (suffixes.length > 0 && isBelow(authority, suffixes));
}

const AFTER_NAME = /^\.?(?::\d*)?$/;

/** Fails fast and allocates nothing where the host is another one: hundreds of rules are asked in a row. */
function isNamed(authority: string, name: string): boolean {
  return authority.startsWith(name) && AFTER_NAME.test(authority.slice(name.length));
}

function isBelow(authority: string, suffixes: readonly string[]): boolean {
  const name = hostName(authority);
  return suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix));
}

export function methodCondition(methods: readonly string[]): Condition | undefined {
  if (methods.length === 0) return undefined;
  const wanted = new Set(methods.map((method) => method.toUpperCase()));
  return ({ method }) => wanted.has(method);
}

/** The path as received, without the query. A prefix holds for whole segments, as PathPrefix of Gateway API: `/a` for `/a/b`, not `/ab`. */
export function pathCondition(paths: readonly PathMatch[]): Condition | undefined {
  if (paths.length === 0) return undefined;
  const tests = paths.map(pathTest);
  return (head) => {
    const path = withoutQuery(head.path);
    return tests.some((test) => test(path));
  };
}

function pathTest(match: PathMatch): (path: string) => boolean {
  if ('exact' in match) return (path) => path === match.exact;
  if (!('prefix' in match)) return () => false;
  const prefix = match.prefix.replace(/\/+$/, '');
  return (path) => path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}

function withoutQuery(path: string): string {
  const question = path.indexOf('?');
  return question === -1 ? path : path.slice(0, question);
}

/** `www.example.com.:80` -> `www.example.com`, `[::1]:80` -> `[::1]`. */
function hostName(authority: string): string {
  const colon = authority.lastIndexOf(':');
  const hasPort = colon !== -1 && !authority.endsWith(']');
  const name = hasPort ? authority.slice(0, colon) : authority;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
