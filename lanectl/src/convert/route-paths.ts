import type { PathMatch } from '@lanekeeper/protocol/model';
import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { Manifest } from './conversion.ts';
import type { Ingress, IngressPath } from './ingress.ts';

export interface RoutePath {
  readonly match: PathMatch;
  /** Of Gateway API's URLRewrite. */
  readonly rewrite?: Manifest;
  /** What could not be kept. */
  readonly problem?: string;
}

/** `/api(/|$)(.*)` with `/$2`: the way in which everybody takes a prefix away. */
const STRIPPED = /^(\/[\w\-./]*?)\/?\(\/\|\$\)\(\.\*\)$/;
const AFTER_PREFIX = /^(\/[\w\-./]*?)\/?\$2$/;

export function routePath(
  { path, type }: Pick<IngressPath, 'path' | 'type'>,
  { paths: { areRegexes, rewrite } }: Pick<Ingress['settings'], 'paths'>,
): RoutePath {
  const full =
    rewrite === undefined ? {} : { rewrite: { type: 'ReplaceFullPath', replaceFullPath: rewrite } };
  if (type === 'Exact') return { match: { exact: path }, ...whole(rewrite, full) };
  if (!areRegexes || path === '/') return { match: { prefix: withoutSlash(path) }, ...whole(rewrite, full) };
  return strippedPrefix(path, rewrite) ?? regexPath(path, rewrite, full);
}

function strippedPrefix(path: string, rewrite: string | undefined): RoutePath | undefined {
  const prefix = STRIPPED.exec(path)?.[1];
  const replaced = rewrite === undefined ? undefined : AFTER_PREFIX.exec(rewrite)?.[1];
  if (prefix === undefined || replaced === undefined) return undefined;
  const replacePrefixMatch = replaced === '' ? '/' : replaced;
  return {
    match: { prefix: prefix === '' ? '/' : prefix },
    rewrite: { type: 'ReplacePrefixMatch', replacePrefixMatch },
  };
}

/** As nginx matches `location ~* "^path"`. */
function regexPath(path: string, rewrite: string | undefined, full: Pick<RoutePath, 'rewrite'>): RoutePath {
  const regex = `(?is)(?:${path}).*`;
  const compiled = compileRegex(regex);
  if ('problem' in compiled)
    return {
      match: { prefix: '/' },
      problem: `the path ${path} is no regular expression: ${compiled.problem}`,
    };
  return { match: { regex }, ...whole(rewrite, full) };
}

/** Gateway API cannot put parts of a path elsewhere. */
function whole(
  rewrite: string | undefined,
  full: Pick<RoutePath, 'rewrite'>,
): Pick<RoutePath, 'rewrite' | 'problem'> {
  if (rewrite === undefined || !/\$\d/.test(rewrite)) return full;
  return {
    problem: `rewrite-target ${rewrite} takes parts of the path, which HTTPRoute cannot: paths are sent on as they came`,
  };
}

function withoutSlash(prefix: string): string {
  return prefix.length > 1 ? prefix.replace(/\/+$/, '') || '/' : prefix;
}

/** As an HTTPRoute says it. */
export function pathMatch(match: PathMatch): Manifest {
  if ('exact' in match) return { type: 'Exact', value: match.exact };
  if ('regex' in match) return { type: 'RegularExpression', value: match.regex };
  return { type: 'PathPrefix', value: match.prefix };
}
