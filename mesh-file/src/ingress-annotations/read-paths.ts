import type { AnnotationReader } from './annotation-reader.ts';

/** How the paths of an Ingress are meant, and what is sent on. */
export interface PathSettings {
  /** All paths of pathType Prefix and ImplementationSpecific are regular expressions from the path's start, whatever the case. */
  readonly areRegexes: boolean;
  /** With `$1` … where paths are regular expressions; otherwise the whole path. */
  readonly rewrite?: string;
  readonly forwardedPrefix?: string;
  /** Further hosts of the same rules. */
  readonly aliases: readonly string[];
}

const HOST = /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

export function readPaths(annotations: AnnotationReader): PathSettings {
  const rewrite = annotations.text('rewrite-target');
  const forwardedPrefix = annotations.text('x-forwarded-prefix');
  const aliases = (annotations.list('server-alias') ?? []).map((alias) => alias.toLowerCase());
  const wrong = aliases.filter((alias) => !HOST.test(alias));
  if (wrong.length > 0) annotations.problem('server-alias', `expected host names, found ${wrong.join(', ')}`);
  return {
    // There, a rewrite makes regular expressions of all paths of the host.
    areRegexes: annotations.flag('use-regex') ?? rewrite !== undefined,
    aliases: aliases.filter((alias) => HOST.test(alias)),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(forwardedPrefix === undefined ? {} : { forwardedPrefix }),
  };
}
