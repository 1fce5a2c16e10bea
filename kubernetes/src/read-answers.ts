import type { ListPage, ServerVersion, TokenReview } from './answers.ts';
import { ApiError } from './api-error.ts';
import { asKubeObject, fieldsOf, type KubeObject } from './kube-object.ts';
import { nameOf, type Collection } from './resources.ts';

export function expectObject(value: unknown, place: Collection): KubeObject {
  const object = asKubeObject(value);
  if (object !== undefined) return object;
  throw new ApiError(`expected an object with metadata for ${nameOf(place)}, found something else`, {
    code: 'malformed',
  });
}

/** Items that are no objects are left out: there is nothing that they could be called by. */
export function readPage(value: unknown, place: Collection): ListPage {
  const { items, metadata } = fieldsOf(value);
  const { resourceVersion, continue: continueToken } = fieldsOf(metadata);
  // A list of nothing is `[]`, and `null` where an aggregated server is written in Go and careless.
  if ((!Array.isArray(items) && items !== null) || typeof resourceVersion !== 'string') {
    throw new ApiError(`expected a list with items and a resourceVersion of ${nameOf(place)}`, {
      code: 'malformed',
    });
  }
  return {
    items: (items ?? []).map(asKubeObject).filter((item: KubeObject | undefined) => item !== undefined),
    resourceVersion,
    continueToken: typeof continueToken === 'string' ? continueToken : '',
  };
}

export function readTokenReview(value: unknown): TokenReview {
  const status = fieldsOf(fieldsOf(value)['status']);
  const user = fieldsOf(status['user']);
  const extra = Object.entries(fieldsOf(user['extra'])).map(([key, values]) => [key, textsOf(values)]);
  return {
    authenticated: status['authenticated'] === true,
    error: textOf(status['error']),
    username: textOf(user['username']),
    audiences: textsOf(status['audiences']),
    extra: Object.fromEntries(extra),
  };
}

/** `minor` may end in `+` (managed clusters). */
export function readVersion(value: unknown): ServerVersion {
  const { major, minor, gitVersion } = fieldsOf(value);
  const numbers = [Number.parseInt(textOf(major), 10), Number.parseInt(textOf(minor), 10)] as const;
  if (!numbers.every(Number.isSafeInteger)) {
    throw new ApiError('expected a version with major and minor from /version', { code: 'malformed' });
  }
  return { major: numbers[0], minor: numbers[1], gitVersion: textOf(gitVersion) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
