import {
  endpoint,
  namespace,
  pod,
  service,
  slice,
} from '@lanekeeper/control-plane/source/kubernetes/convert/cluster.fixture';
import type { ClusterObject } from '@lanekeeper/control-plane/source/kubernetes/convert/cluster.fixture';
import type { InterestKey, NodeIdentity } from '@lanekeeper/protocol/discovery';

/** The mesh of the benchmark: what issue 4 asks for. */
export const SIZE = { services: 1_000, podsOfService: 10, sidecars: 1_000, callsOfSidecar: 20 } as const;

const NAMESPACES = 20;
/** The last pods of each service carry a lane. */
const GRAY_PODS = 2;
/** What everybody calls: the gateway to the user database, say. */
export const HOT_SERVICE = 0;

export function serviceName(index: number): { readonly name: string; readonly namespace: string } {
  return { name: `service-${index}`, namespace: `team-${index % NAMESPACES}` };
}

export function serviceId(index: number): string {
  const { name, namespace: of } = serviceName(index);
  return `${of}/${name}`;
}

/** All objects of the cluster. */
export function* clusterObjects(): Iterable<ClusterObject> {
  for (let index = 0; index < NAMESPACES; index += 1) {
    yield namespace(`team-${index}`, { labels: { 'lanekeeper.io/injection': 'enabled' } });
  }
  for (let index = 0; index < SIZE.services; index += 1) {
    const { name, namespace: of } = serviceName(index);
    yield service(name, { namespace: of, clusterIPs: [`10.96.${index >> 8}.${index & 255}`] });
    for (let number = 0; number < SIZE.podsOfService; number += 1) yield podOf(index, number, true);
    yield sliceOf(index, SIZE.podsOfService);
  }
}

/** The service with its last pod ready or not: what a rollout or a failing probe changes. */
export function readinessChange(index: number, isReady: boolean): readonly ClusterObject[] {
  const last = SIZE.podsOfService - 1;
  return [podOf(index, last, isReady), sliceOf(index, isReady ? SIZE.podsOfService : last)];
}

/** The sidecar of number `index` stands in the first pod of the service of that number. */
export function sidecarIdentity(index: number): NodeIdentity {
  const { name, namespace: of } = serviceName(index);
  return {
    pod: podName(index, 0),
    namespace: of,
    app: name,
    lane: '',
    version: '0.1.0',
    address: addressOf(index, 0),
  };
}

/** Indices of the services that a sidecar calls: the hot one, and others spread evenly over the mesh. */
export function callsOf(sidecar: number): readonly number[] {
  const others = Array.from({ length: SIZE.callsOfSidecar - 1 }, (_, call) => {
    return 1 + ((sidecar * 7 + call * 53) % (SIZE.services - 1));
  });
  return [HOT_SERVICE, ...others];
}

export function keysOf(sidecar: number): readonly InterestKey[] {
  return callsOf(sidecar).map((index): InterestKey => {
    const { name, namespace: of } = serviceName(index);
    return `host:${name}.${of}.svc.cluster.local`;
  });
}

/** How many sidecars call a service. */
export function callersOf(index: number): number {
  let callers = 0;
  for (let sidecar = 0; sidecar < SIZE.sidecars; sidecar += 1) {
    if (callsOf(sidecar).includes(index)) callers += 1;
  }
  return callers;
}

function podName(index: number, number: number): string {
  return `service-${index}-${number}`;
}

function addressOf(index: number, number: number): string {
  const at = index * SIZE.podsOfService + number;
  return `10.${1 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`;
}

function podOf(index: number, number: number, isReady: boolean): ClusterObject {
  const { name, namespace: of } = serviceName(index);
  const isGray = number >= SIZE.podsOfService - GRAY_PODS;
  const labels = { app: name, ...(isGray ? { 'lanekeeper.io/lane': 'gray' } : {}) };
  return pod(podName(index, number), addressOf(index, number), { namespace: of, labels, isReady });
}

function sliceOf(index: number, ready: number): ClusterObject {
  const { name, namespace: of } = serviceName(index);
  const endpoints = Array.from({ length: SIZE.podsOfService }, (_, number) =>
    endpoint(podName(index, number), addressOf(index, number), { ready: number < ready }),
  );
  return slice(name, endpoints, { namespace: of });
}
