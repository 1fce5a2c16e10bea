import { ApiError } from './api-error.ts';
import { asKubeObject, fieldsOf, type KubeObject } from './kube-object.ts';

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  /** All changes up to this version have been sent. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** `status` is the server's Status. */
  | { readonly type: 'ERROR'; readonly status: unknown };

/** Throws ApiError `malformed` for a line that is none. An unknown type is undefined: a later server may say more than we know. */
export function parseWatchEvent(line: string): WatchEvent | undefined {
  const { type, object } = fieldsOf(parseJson(line));
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: objectOf(object) };
    case 'BOOKMARK':
      return { type, resourceVersion: versionOf(object) };
    case 'ERROR':
      return { type, status: object };
    default:
      if (typeof type === 'string') return undefined;
      throw malformed('an event with a type');
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw malformed('JSON', error);
  }
}

function objectOf(value: unknown): KubeObject {
  const object = asKubeObject(value);
  if (object === undefined) throw malformed('an object with metadata and a name');
  return object;
}

/** A bookmark's object has no name. */
function versionOf(value: unknown): string {
  const { resourceVersion } = fieldsOf(fieldsOf(value)['metadata']);
  if (typeof resourceVersion !== 'string') throw malformed('a bookmark with a resourceVersion');
  return resourceVersion;
}

function malformed(expected: string, cause?: unknown): ApiError {
  return new ApiError(`expected ${expected} as a line of a watch, found something else`, {
    code: 'malformed',
    cause,
  });
}
