import { isIP } from 'node:net';
import type { InterestKey } from '@lanekeeper/protocol/discovery';
import { canonicalHost } from '@lanekeeper/runtime/socket-address';
import type { CanonicalKey } from './catalog.ts';

/** From where a key is written. */
export interface KeyScope {
  /** The sidecar's: bare names are of it. */
  readonly namespace: string;
  /** What the cluster's DNS appends to the names of Services: `cluster.local`. */
  readonly clusterDomain: string;
}

/** Of clusters whose kubelets are told nothing else. */
export const DEFAULT_DOMAIN = 'cluster.local';
const MAPPED = '::ffff:';

/**
 * What an interest means: one key, or two for a bare name, which is a service of the namespace or a host that some service claims
 * beside its own name. Whatever a sidecar writes has a key; most strings mean no service.
 */
export function canonicalKeys(key: InterestKey, scope: KeyScope): readonly CanonicalKey[] {
  if (key.startsWith('ip:')) return [ipKey(key.slice('ip:'.length))];
  const host = canonicalName(key.slice('host:'.length), scope.clusterDomain);
  if (isIP(host) !== 0) return [ipKey(host)];
  return host.includes('.') ? [`host:${host}`] : [`host:${host}.${scope.namespace}`, `host:${host}`];
}

/** The key of a service by its own name. */
export function serviceKey(service: { readonly name: string; readonly namespace: string }): CanonicalKey {
  return `host:${service.name}.${service.namespace}`.toLowerCase() as CanonicalKey;
}

/** The key of a host that a service claims beside its own name. */
export function hostKey(host: string, clusterDomain: string): CanonicalKey {
  return `host:${canonicalName(host, clusterDomain)}`;
}

export function ipKey(address: string): CanonicalKey {
  const lower = address.toLowerCase();
  // A dual-stack socket reports IPv4 peers so.
  const bare = lower.startsWith(MAPPED) && lower.includes('.') ? lower.slice(MAPPED.length) : lower;
  return `ip:${isIP(bare) === 6 ? canonicalHost(bare) : bare}`;
}

/** Lower-case, without the root's dot, and without what follows `b.shop` in the longer names of a Service. */
function canonicalName(host: string, clusterDomain: string): string {
  const lower = host.toLowerCase();
  const name = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  for (const suffix of [`.svc.${clusterDomain}`, `.svc.${DEFAULT_DOMAIN}`, '.svc']) {
    const short = name.slice(0, -suffix.length);
    if (name.endsWith(suffix) && short.includes('.')) return short;
  }
  return name;
}
