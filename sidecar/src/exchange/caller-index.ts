import type { Connection } from '../listen/connection.ts';
import type { Snapshot } from '../route/snapshot.ts';

/** Names the service that a downstream connection comes from, by the address of its peer; the index is made once a snapshot. */
export function createCallerIndex(current: () => Snapshot): (connection: Connection) => string | undefined {
  let indexed: Snapshot | undefined;
  let byAddress: ReadonlyMap<string, string> = new Map();
  return (connection) => {
    const snapshot = current();
    if (snapshot !== indexed) {
      indexed = snapshot;
      byAddress = indexAddresses(snapshot);
    }
    return byAddress.get(connection.peer.address);
  };
}

/** An address that several services share names none of them. */
function indexAddresses(snapshot: Snapshot): ReadonlyMap<string, string> {
  const callers = new Map<string, string>();
  const shared = new Set<string>();
  for (const service of snapshot.services.values()) {
    for (const port of service.ports.values()) {
      for (const subset of port.subsets.values()) {
        for (const { address } of subset.endpoints) {
          if ((callers.get(address) ?? service.id) !== service.id) shared.add(address);
          callers.set(address, service.id);
        }
      }
    }
  }
  for (const address of shared) callers.delete(address);
  return callers;
}
