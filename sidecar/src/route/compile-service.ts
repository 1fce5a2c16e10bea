import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { EndpointConfig, ServiceConfig, ServicePortConfig } from '@lanekeeper/protocol/model';
import { addressKey } from './address-key.ts';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type {
  AddressOwner,
  Dropped,
  Endpoint,
  LanePolicy,
  Service,
  ServicePort,
  Subset,
} from './snapshot.ts';

type AddressIndex = Map<string, AddressOwner[]>;

/** Compiles one service and enters its addresses into `byAddress`. */
export function compileService(config: ServiceConfig, policy: LanePolicy, byAddress: AddressIndex): Service {
  const candidates = countByLane(config.endpoints);
  const ports = new Map<number, ServicePort>();
  const service: Service = {
    id: serviceId(config),
    name: config.name,
    namespace: config.namespace,
    policy,
    ports,
    candidates,
    isInLanes: Object.keys(candidates).some((lane) => lane !== BASELINE),
  };
  for (const port of config.ports) {
    const servicePort = compilePort(service, port, config);
    ports.set(port.port, servicePort);
    indexPort(servicePort, config.addresses, byAddress);
  }
  return service;
}

function countByLane(endpoints: readonly EndpointConfig[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const endpoint of endpoints) {
    // It is neither of the baseline nor of a lane.
    if (endpoint.dropReason === 'invalid-lane') continue;
    const lane = laneOf(endpoint);
    counts.set(lane, (counts.get(lane) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

function laneOf(endpoint: EndpointConfig): string {
  return endpoint.lane === undefined || endpoint.lane === '' ? BASELINE : endpoint.lane;
}

function compilePort(
  service: Service,
  { port: number, protocol }: ServicePortConfig,
  { endpoints, affinity }: ServiceConfig,
): ServicePort {
  const byKey = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const port = endpoint.ports[number];
    if (port === undefined) continue;
    const compiled = compileEndpoint(endpoint, port);
    // Two sources may know one address differently; production traffic must not meet it as baseline then.
    if (compiled.lane === BASELINE && byKey.has(compiled.key)) continue;
    byKey.set(compiled.key, compiled);
  }
  return { service, port: number, protocol, subsets: subsetsOf(byKey.values(), affinity) };
}

function compileEndpoint(config: EndpointConfig, port: number): Endpoint {
  return {
    key: addressKey({ address: config.address, port }),
    address: config.address,
    port,
    lane: laneOf(config),
    weight: config.weight,
    zone: config.zone,
    pod: config.pod,
    healthy: config.healthy,
    dropReason: config.dropReason,
    aliases: config.aliases,
    source: config.source,
  };
}

function subsetsOf(endpoints: Iterable<Endpoint>, affinity: Subset['affinity']): Map<string, Subset> {
  const byLane = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const lane = byLane.get(endpoint.lane);
    if (lane === undefined) byLane.set(endpoint.lane, [endpoint]);
    else lane.push(endpoint);
  }
  const subsets = new Map<string, Subset>();
  for (const [lane, members] of byLane) subsets.set(lane, subsetOf(lane, members, affinity));
  return subsets;
}

function subsetOf(lane: string, endpoints: readonly Endpoint[], affinity: Subset['affinity']): Subset {
  const usable: Endpoint[] = [];
  const unusable: Dropped[] = [];
  for (const endpoint of endpoints) {
    if (!endpoint.healthy) {
      unusable.push({ endpoint: endpoint.key, reason: endpoint.dropReason ?? 'unhealthy' });
    } else if (endpoint.weight <= 0) unusable.push({ endpoint: endpoint.key, reason: 'zero-weight' });
    else usable.push(endpoint);
  }
  return { lane, endpoints, usable, unusable, affinity };
}

function indexPort(servicePort: ServicePort, addresses: readonly string[], byAddress: AddressIndex): void {
  for (const address of addresses) {
    own(byAddress, addressKey({ address, port: servicePort.port }), { servicePort, endpoint: undefined });
  }
  for (const subset of servicePort.subsets.values()) {
    for (const endpoint of subset.endpoints) {
      own(byAddress, endpoint.key, { servicePort, endpoint });
      for (const address of endpoint.aliases ?? []) {
        own(byAddress, addressKey({ address, port: endpoint.port }), { servicePort, endpoint });
      }
    }
  }
}

function own(byAddress: AddressIndex, key: string, owner: AddressOwner): void {
  const owners = byAddress.get(key);
  if (owners === undefined) byAddress.set(key, [owner]);
  else owners.push(owner);
}
