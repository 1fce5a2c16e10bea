import type { KubeEndpoint, KubeEndpointSlice, KubePod, KubeServicePort } from '../objects.ts';
import { canonicalAddress } from './addresses.ts';
import type { ClusterView } from './cluster-view.ts';
import { hasNoPorts, portsOfSlice, type EndpointPorts } from './endpoint-ports.ts';
import { holdsAddress, podKey, standingOfMember, type Member } from './member.ts';

/** A Service by name, and those of its ports that the mesh carries. */
export interface SlicedService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly KubeServicePort[];
}

/** The members that the EndpointSlices of a Service name, each once however many slices name it. */
export function selectedMembers(service: SlicedService, view: ClusterView): readonly Member[] {
  const members = new Map<string, Member>();
  for (const slice of view.slicesOf(`${service.namespace}/${service.name}`)) {
    if (slice.addressType === 'FQDN') continue;
    const ports = portsOfSlice(service.ports, slice);
    if (hasNoPorts(ports)) continue;
    for (const endpoint of slice.endpoints) {
      const member = memberOf(endpoint, { slice, ports }, view);
      if (member === undefined) continue;
      const known = members.get(member.id);
      members.set(member.id, known === undefined ? member : mergeMembers(known, member));
    }
  }
  return [...members.values()];
}

interface Place {
  readonly slice: KubeEndpointSlice;
  readonly ports: EndpointPorts;
}

function memberOf(endpoint: KubeEndpoint, place: Place, view: ClusterView): Member | undefined {
  // The API says that all addresses of one endpoint are alike and that only the first is to be used.
  const [first] = endpoint.addresses;
  if (first === undefined) return undefined;
  const address = canonicalAddress(first);
  const pod = podBehind(endpoint, address, place.slice, view);
  if (pod === 'unknown') return undefined;
  return {
    id: pod === undefined ? address : podKey(pod),
    pod,
    standing: standingOfMember(pod, view),
    addresses: [address],
    ports: place.ports,
    ready: endpoint.ready,
    serving: endpoint.serving,
    terminating: endpoint.terminating || pod?.isTerminating === true,
    zone: endpoint.zone,
  };
}

/**
 * Nobody may call an endpoint whose lane is not known: where the pod that a slice names is not known (yet), or no longer holds the
 * address, the endpoint is left out until the two watches agree. An address alone may be that of a pod as well.
 */
function podBehind(
  endpoint: KubeEndpoint,
  address: string,
  slice: KubeEndpointSlice,
  view: ClusterView,
): KubePod | 'unknown' | undefined {
  if (endpoint.pod === undefined) return view.podAt(address);
  const pod = view.pod(`${slice.meta.namespace}/${endpoint.pod}`);
  return pod !== undefined && holdsAddress(pod, address, view) ? pod : 'unknown';
}

/** One pod in several slices: of both address families, or for a moment in two while endpoints move from one to another. */
function mergeMembers(a: Member, b: Member): Member {
  return {
    ...a,
    addresses: a.addresses.some((address) => b.addresses.includes(address))
      ? a.addresses
      : [...a.addresses, ...b.addresses],
    ports: { ...b.ports, ...a.ports },
    ready: a.ready || b.ready,
    serving: a.serving || b.serving,
    terminating: a.terminating || b.terminating,
    zone: a.zone ?? b.zone,
  };
}
