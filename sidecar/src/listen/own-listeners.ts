import { networkInterfaces } from 'node:os';
import { canonicalHost, isLoopback, type SocketAddress } from '@lanekeeper/runtime/socket-address';

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Tells whether an address is one of this sidecar's own listeners, which must never be connected to as a destination: that would
 * be a loop. A listener on every address answers on each address of the machine, read once, here.
 */
export function createOwnListeners(
  listeners: readonly SocketAddress[],
  ownAddresses: ReadonlySet<string> = readOwnAddresses(),
): (at: SocketAddress) => boolean {
  return ({ address, port }) => {
    const candidates = listeners.filter((listener) => listener.port === port);
    if (candidates.length === 0) return false;
    const host = canonicalHost(address);
    const isAny = WILDCARDS.has(host);
    const isOwn = isAny || isLoopback(host) || ownAddresses.has(host);
    return candidates.some(
      (listener) => listener.address === host || (isOwn && (isAny || WILDCARDS.has(listener.address))),
    );
  };
}

function readOwnAddresses(): ReadonlySet<string> {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(interfaces.map((entry) => entry.address));
}
