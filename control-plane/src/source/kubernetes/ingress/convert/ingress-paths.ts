import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { EdgeRewrite } from '@lanekeeper/protocol/edge';
import type { PathMatch } from '@lanekeeper/protocol/model';
import type { PathSettings } from '@lanekeeper/mesh-file/ingress-annotations/read-paths';
import type { IngressPath } from '../read/kube-ingress.ts';

export interface ConvertedPath {
  readonly match: PathMatch;
  readonly rewrite?: EdgeRewrite['path'];
}

/** `problem` completes the sentence "the path … cannot be used: …". */
export function convertPath(
  { path, type }: IngressPath,
  { areRegexes, rewrite }: Pick<PathSettings, 'areRegexes' | 'rewrite'>,
): ConvertedPath | { readonly problem: string } {
  if (areRegexes && type !== 'Exact') return convertRegex(path, rewrite);
  if (!path.startsWith('/')) return { problem: 'it does not begin with a slash' };
  const match: PathMatch = type === 'Exact' ? { exact: path } : { prefix: withoutSlash(path) };
  return rewrite === undefined ? { match } : { match, rewrite: { full: rewrite } };
}

/** As nginx matches `location ~* "^path"`, and rewrites the whole path where it does. */
function convertRegex(
  path: string,
  replacement: string | undefined,
): ConvertedPath | { readonly problem: string } {
  const regex = `(?is)(?:${path}).*`;
  const compiled = compileRegex(regex);
  if ('problem' in compiled) return { problem: `it is no regular expression: ${compiled.problem}` };
  return { match: { regex }, ...(replacement === undefined ? {} : { rewrite: { regex, replacement } }) };
}

function withoutSlash(prefix: string): string {
  return prefix.length > 1 ? prefix.replace(/\/+$/, '') || '/' : prefix;
}
