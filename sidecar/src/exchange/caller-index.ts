import type { Connection } from '../listen/connection.ts';
import type { Endpoint, Service, Snapshot } from '../route/snapshot.ts';

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
    for (const { address, aliases = [] } of endpointsOf(service)) {
      for (const one of [address, ...aliases]) {
        if ((callers.get(one) ?? service.id) !== service.id) shared.add(one);
        callers.set(one, service.id);
      }
    }
  }
  for (const address of shared) callers.delete(address);
  return callers;
}

function endpointsOf(service: Service): readonly Endpoint[] {
  const subsets = [...service.ports.values()].flatMap((port) => [...port.subsets.values()]);
  return subsets.flatMap((subset) => subset.endpoints);
}
