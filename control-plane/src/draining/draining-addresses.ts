import type { KubePod } from '../source/kubernetes/objects.ts';
import { addressesOf } from '../source/kubernetes/convert/addresses.ts';

/** Addresses of pods (uid -> `namespace/name`) that are still there; a node's own address is not a pod's. */
export function drainingAddresses(
  draining: ReadonlyMap<string, string>,
  pods: ReadonlyMap<string, KubePod>,
): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const [uid, key] of draining) {
    const pod = pods.get(key);
    if (pod === undefined || pod.meta.uid !== uid || pod.hostNetwork) continue;
    for (const address of addressesOf(pod)) addresses.add(address);
  }
  return addresses;
}
