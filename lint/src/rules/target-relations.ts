import type { PathMatch } from '@lanekeeper/protocol/model';

/** `*`, `*.example.com` (any depth below, not itself) and names, as sidecars understand them. */
export function coversHost(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true;
  const suffix = wide.startsWith('*.') ? wide.slice(1) : undefined;
  return (
    suffix !== undefined && narrow !== '*' && narrow.replace(/^\*/, '').endsWith(suffix) && narrow !== suffix
  );
}

export function excludesHost(a: string, b: string): boolean {
  return !coversHost(a, b) && !coversHost(b, a);
}

/** A prefix holds for whole segments. What a regular expression matches is not looked into. */
export function coversPath(wide: PathMatch, narrow: PathMatch): boolean {
  if (JSON.stringify(wide) === JSON.stringify(narrow)) return true;
  if (!('prefix' in wide) || 'regex' in narrow) return false;
  return isUnder(wide.prefix, 'exact' in narrow ? narrow.exact : narrow.prefix);
}

export function excludesPath(a: PathMatch, b: PathMatch): boolean {
  if ('regex' in a || 'regex' in b) return false;
  return !coversPath(a, b) && !coversPath(b, a);
}

function isUnder(prefix: string, path: string): boolean {
  const stem = prefix.replace(/\/+$/, '');
  return path.startsWith(stem) && (path.length === stem.length || path[stem.length] === '/');
}
