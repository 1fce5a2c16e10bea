import { createHash } from 'node:crypto';
import type { EdgeAffinity } from '@lanekeeper/protocol/edge';
import type { RequestView } from '../../lane/request-view.ts';
import type { HeaderEdit } from '../../wire/head.ts';
import type { Endpoint, ServicePort } from '../snapshot.ts';
import type { Backend } from './edge-table.ts';

/** Where a client was before, as its cookie says: hashes, so that no address leaves the mesh. */
export interface Affinity {
  readonly backend: string;
  readonly endpoint: string;
}

const WRITTEN = /^([0-9a-f]{16})\.([0-9a-f]{16})$/;

/** Undefined: it comes for the first time, or with a cookie that is not ours. */
export function readAffinity({ cookie }: EdgeAffinity, view: RequestView): Affinity | undefined {
  const [, backend, endpoint] = WRITTEN.exec(view.cookie(cookie) ?? '') ?? [];
  return backend === undefined || endpoint === undefined ? undefined : { backend, endpoint };
}

export function isOf({ backend: hash }: Affinity, backend: Backend): boolean {
  return backend.hash === hash;
}

const hashes = new WeakMap<Endpoint, string>();
const endpointsByHash = new WeakMap<ServicePort, ReadonlyMap<string, Endpoint>>();

/** The endpoint that the cookie means; it may be of another lane or unusable by now, which whoever picks will see. */
export function findEndpoint(servicePort: ServicePort, { endpoint }: Affinity): Endpoint | undefined {
  let known = endpointsByHash.get(servicePort);
  if (known === undefined) {
    const all = [...servicePort.subsets.values()].flatMap((subset) => subset.endpoints);
    known = new Map(all.map((one) => [endpointHash(one), one]));
    endpointsByHash.set(servicePort, known);
  }
  return known.get(endpoint);
}

export interface CookieOf {
  readonly backend: Backend;
  readonly endpoint: Endpoint;
  readonly isTls: boolean;
}

/** Undefined: the client has that cookie already. */
export function affinityEdit(
  affinity: EdgeAffinity,
  known: Affinity | undefined,
  { backend, endpoint, isTls }: CookieOf,
): HeaderEdit | undefined {
  const value = `${backend.hash}.${endpointHash(endpoint)}`;
  if (known !== undefined && value === `${known.backend}.${known.endpoint}`) return undefined;
  const { cookie, path = '/', maxAgeSeconds, sameSite, secure = isTls } = affinity;
  const parts = [`${cookie}=${value}`, `Path=${path}`];
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`);
  if (secure || sameSite === 'None') parts.push('Secure');
  parts.push('HttpOnly');
  if (sameSite !== undefined) parts.push(`SameSite=${sameSite}`);
  return { name: 'set-cookie', value: parts.join('; '), append: true };
}

function endpointHash(endpoint: Endpoint): string {
  const known = hashes.get(endpoint);
  if (known !== undefined) return known;
  const hash = hashOf(endpoint.key);
  hashes.set(endpoint, hash);
  return hash;
}

const HASH_LENGTH = 16;

/** For cookies: 16 hexadecimal digits. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}
