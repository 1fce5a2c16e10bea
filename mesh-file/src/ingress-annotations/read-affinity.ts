import type { EdgeAffinity } from '@lanekeeper/protocol/edge';
import type { AnnotationReader } from './annotation-reader.ts';

/** What ingress-nginx calls it. */
const DEFAULT_COOKIE = 'INGRESSCOOKIE';
const COOKIE_NAME = /^[!#$%&'*+.^_`|~\w-]{1,128}$/;
const YEAR_S = 365 * 24 * 3600;

/** Undefined: each request goes where it likes. */
export function readAffinity(annotations: AnnotationReader): EdgeAffinity | undefined {
  if (annotations.choice('affinity', 'cookie') === undefined) return undefined;
  const path = annotations.text('session-cookie-path');
  const maxAgeSeconds =
    annotations.integer('session-cookie-max-age', 0, 10 * YEAR_S) ??
    annotations.integer('session-cookie-expires', 0, 10 * YEAR_S);
  const sameSite = annotations.choice('session-cookie-samesite', 'Strict', 'Lax', 'None');
  const secure = annotations.flag('session-cookie-secure');
  return {
    cookie: cookieName(annotations),
    mode: annotations.choice('affinity-mode', 'balanced', 'persistent') ?? 'balanced',
    canary: annotations.choice('affinity-canary-behavior', 'sticky', 'legacy') ?? 'sticky',
    ...(path === undefined ? {} : { path }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(sameSite === undefined ? {} : { sameSite }),
    ...(secure === undefined ? {} : { secure }),
  };
}

function cookieName(annotations: AnnotationReader): string {
  const name = annotations.text('session-cookie-name') ?? DEFAULT_COOKIE;
  if (COOKIE_NAME.test(name)) return name;
  annotations.problem('session-cookie-name', `expected a cookie's name, found ${name}`);
  return DEFAULT_COOKIE;
}
