import type { EdgeRewrite } from '@lanekeeper/protocol/edge';
import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { EdgePath } from './edge-path.ts';
import { trimPrefix } from './edge-path.ts';

export interface Rewrite {
  readonly authority: string | undefined;
  /** Path and query for the upstream; undefined: as they came. */
  readonly pathOf: ((path: EdgePath) => string) | undefined;
}

/** `prefix` is what the rule matched, where it is a prefix. */
export function compileRewrite(
  rewrite: EdgeRewrite | undefined,
  prefix: string | undefined,
): Rewrite | undefined {
  if (rewrite === undefined) return undefined;
  const { host, path } = rewrite;
  return { authority: host, pathOf: path === undefined ? undefined : compilePath(path, prefix) };
}

function compilePath(path: NonNullable<EdgeRewrite['path']>, prefix: string | undefined): Rewrite['pathOf'] {
  if ('regex' in path) {
    const regex = compileRegex(path.regex);
    if ('problem' in regex) return undefined;
    return ({ pathname, query }) => withQuery(regex.replace(pathname, path.replacement), query);
  }
  return ({ pathname, query }) => withQuery(replacePath(path, prefix, pathname), query);
}

/** The whole path, or the matched prefix of it. A prefix that the path does not have is not replaced. */
export function replacePath(
  path: { readonly full: string } | { readonly prefix: string },
  prefix: string | undefined,
  pathname: string,
): string {
  if ('full' in path) return rooted(path.full);
  if (prefix === undefined || !pathname.startsWith(prefix)) return pathname;
  const rest = pathname.slice(prefix.length);
  return rooted(rest === '' ? path.prefix : `${trimPrefix(path.prefix)}${rest}`);
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** A query that the replacement brings stands before the request's own. */
function withQuery(path: string, query: string): string {
  const result = rooted(path);
  if (query === '' || !result.includes('?')) return `${result}${query}`;
  return `${result}&${query.slice(1)}`;
}
