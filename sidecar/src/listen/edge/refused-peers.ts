import type { EdgeListener, EdgePolicy } from '@lanekeeper/protocol/edge';
import { compileNetworks, type NetworkTest } from '@lanekeeper/runtime/networks';

/**
 * Whether a connection from an address can be closed unheard: no listener of its port would take a request of it. Trusted proxies
 * may always come, for they bring requests of others.
 */
export function compileRefusedPeers(listeners: readonly Pick<EdgeListener, 'policy'>[]): NetworkTest {
  if (listeners.length === 0) return () => false;
  if (listeners.some(({ policy }) => isOpen(policy))) return () => false;
  const tests = listeners.map(({ policy }) => refuses(policy));
  return (address) => tests.every((test) => test(address));
}

function isOpen({ allow, deny }: EdgePolicy): boolean {
  return allow.length === 0 && deny.length === 0;
}

function refuses({ allow, deny, trustedProxies }: EdgePolicy): NetworkTest {
  const isTrusted = compileNetworks(trustedProxies);
  const isDenied = compileNetworks(deny);
  const isAllowed = allow.length === 0 ? () => true : compileNetworks(allow);
  return (address) => !isTrusted(address) && (isDenied(address) || !isAllowed(address));
}
