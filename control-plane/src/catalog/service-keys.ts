import { isIP } from 'node:net';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { hostKey, ipKey, serviceKey } from './canonical-key.ts';
import type { CanonicalKey } from './catalog.ts';

/** Every key that means this service. */
export function keysOf(service: ServiceConfig, clusterDomain: string): ReadonlySet<CanonicalKey> {
  const keyOfAddress = (address: string): CanonicalKey =>
    isIP(address) === 0 ? hostKey(address, clusterDomain) : ipKey(address);
  const keys = new Set([serviceKey(service)]);
  // A file may give a service a dotted name; the bare name is no bare host then.
  if (service.name.includes('.')) keys.add(hostKey(service.name, clusterDomain));
  for (const host of service.hosts) keys.add(hostKey(host, clusterDomain));
  for (const address of service.addresses) keys.add(keyOfAddress(address));
  for (const { address, aliases = [] } of service.endpoints) {
    keys.add(keyOfAddress(address));
    for (const alias of aliases) keys.add(keyOfAddress(alias));
  }
  return keys;
}
