import type { EndpointConfig } from '@lanekeeper/protocol/model';
import type { PodFacts, PodLookup } from './source-service.ts';

/** The endpoints that several sources know, each once; the source whose word counts first being first in the list. */
export function mergeEndpoints(bySource: readonly (readonly EndpointConfig[])[]): readonly EndpointConfig[] {
  const merged: EndpointConfig[] = [];
  const byAddress = new Map<string, number[]>();
  for (const endpoints of bySource) {
    // What one source lists twice is its own business; only what an earlier source knows is the same endpoint.
    const known = merged.length;
    for (const endpoint of endpoints) {
      const places = addressesOf(endpoint).flatMap((address) => byAddress.get(address) ?? []);
      const at = places.find((place) => place < known && isSame(merged[place], endpoint));
      if (at === undefined) place(endpoint, merged, byAddress);
      else merged[at] = mergeTwo(merged[at] ?? endpoint, endpoint);
    }
  }
  return merged;
}

function place(endpoint: EndpointConfig, merged: EndpointConfig[], byAddress: Map<string, number[]>): void {
  const index = merged.push(endpoint) - 1;
  for (const address of addressesOf(endpoint)) {
    const places = byAddress.get(address);
    if (places === undefined) byAddress.set(address, [index]);
    else places.push(index);
  }
}

function addressesOf({ address, aliases = [] }: EndpointConfig): readonly string[] {
  return [address, ...aliases];
}

/** One address may have several endpoints, each on a port of its own. */
function isSame(known: EndpointConfig | undefined, other: EndpointConfig): boolean {
  if (known === undefined) return false;
  const ports = new Set(Object.values(known.ports));
  return Object.values(other.ports).some((port) => ports.has(port));
}

/** A lane beats none, whoever knows it: no source can make a pod of a lane one of the baseline. Each can take it out of use. */
function mergeTwo(first: EndpointConfig, second: EndpointConfig): EndpointConfig {
  const { lane = second.lane, zone = second.zone, pod = second.pod } = first;
  const dropReason = first.healthy ? second.dropReason : first.dropReason;
  const aliases = new Set([...addressesOf(first), ...addressesOf(second)]);
  aliases.delete(first.address);
  return {
    address: first.address,
    ports: { ...second.ports, ...first.ports },
    ...(lane === undefined ? {} : { lane }),
    weight: first.weight,
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { pod }),
    healthy: first.healthy && second.healthy,
    ...(dropReason === undefined ? {} : { dropReason }),
    aliases: [...aliases],
    source: first.source,
  };
}

/** Endpoints that a registry or a file knows by address, with what the cluster knows of the pods there. */
export function withPodFacts(
  endpoints: readonly EndpointConfig[],
  podAt: PodLookup,
): readonly EndpointConfig[] {
  return endpoints.flatMap((endpoint) => {
    const facts = endpoint.source === 'kubernetes' ? undefined : podAt(endpoint.address);
    if (facts === undefined) return [endpoint];
    return facts.isMisnamed ? [] : [withFacts(endpoint, facts)];
  });
}

function withFacts(endpoint: EndpointConfig, facts: PodFacts): EndpointConfig {
  const { lane, zone = endpoint.zone, pod, healthy, dropReason } = facts;
  // A registry's zones are its own; callers have that of their pods, so only those can be compared.
  const known = endpoint.source === 'nacos' && zone !== undefined ? { ...endpoint, zone } : endpoint;
  return mergeTwo(known, {
    address: endpoint.address,
    ports: endpoint.ports,
    ...(lane === undefined ? {} : { lane }),
    weight: endpoint.weight,
    ...(zone === undefined ? {} : { zone }),
    pod,
    healthy,
    ...(dropReason === undefined ? {} : { dropReason }),
    source: 'kubernetes',
  });
}

/** Endpoints at one of these addresses are no candidates; of one that is none already, its source knows best why. */
export function withoutDraining(
  endpoints: readonly EndpointConfig[],
  draining: ReadonlySet<string>,
): readonly EndpointConfig[] {
  const isHit = (endpoint: EndpointConfig): boolean =>
    endpoint.healthy && addressesOf(endpoint).some((address) => draining.has(address));
  if (draining.size === 0 || !endpoints.some(isHit)) return endpoints;
  return endpoints.map((endpoint) =>
    isHit(endpoint) ? { ...endpoint, healthy: false, dropReason: 'draining' } : endpoint,
  );
}
