import { canonicalHost } from '@lanekeeper/runtime/socket-address';
import type { KubePod } from '../objects.ts';

/** One spelling for one address: what people write into slices need not be as the API server would write it. */
export function canonicalAddress(address: string): string {
  return address.includes(':') ? canonicalHost(address) : address;
}

/** The addresses at which a pod can be reached now, the primary one first. */
export function addressesOf(pod: KubePod): readonly string[] {
  const hasEnded = pod.phase === 'Succeeded' || pod.phase === 'Failed';
  return hasEnded ? [] : pod.addresses.map(canonicalAddress);
}
