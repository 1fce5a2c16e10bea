import type { EdgeCors } from '@lanekeeper/protocol/edge';
import type { AnnotationReader } from './annotation-reader.ts';

/** ingress-nginx's own defaults. */
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];
const HEADERS = [
  ...['DNT', 'Keep-Alive', 'User-Agent', 'X-Requested-With', 'If-Modified-Since', 'Cache-Control'],
  ...['Content-Type', 'Range', 'Authorization'],
];
const MAX_AGE_S = 1_728_000;
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const ORIGIN = /^(\*|[a-z][a-z0-9+.-]*:\/\/(\*\.)?[\w.-]+(:(\d{1,5}|\*))?)$/i;

export function readCors(annotations: AnnotationReader): EdgeCors | undefined {
  if (annotations.flag('enable-cors') !== true) return undefined;
  return {
    allowOrigins: wellFormed(annotations, 'cors-allow-origin', ORIGIN) ?? ['*'],
    allowMethods: wellFormed(annotations, 'cors-allow-methods', TOKEN) ?? METHODS,
    allowHeaders: wellFormed(annotations, 'cors-allow-headers', TOKEN) ?? HEADERS,
    exposeHeaders: wellFormed(annotations, 'cors-expose-headers', TOKEN) ?? [],
    allowCredentials: annotations.flag('cors-allow-credentials') ?? true,
    maxAgeSeconds: annotations.integer('cors-max-age', 0, 100 * MAX_AGE_S) ?? MAX_AGE_S,
  };
}

/** What of the list can be used; undefined where it is absent. */
function wellFormed(
  annotations: AnnotationReader,
  name: string,
  shape: RegExp,
): readonly string[] | undefined {
  const items = annotations.list(name);
  const wrong = items?.filter((item) => !shape.test(item)) ?? [];
  if (wrong.length > 0) annotations.problem(name, `cannot be: ${wrong.join(', ')}`);
  return items?.filter((item) => shape.test(item));
}
