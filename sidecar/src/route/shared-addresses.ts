import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { EndpointConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import type { AddressOwner } from './snapshot.ts';

/** Address -> port -> the lanes that services name for what listens there. */
type LanesAt = Map<string, Map<number, Set<string>>>;

/**
 * What listens at one address is one process, whoever has registered it and how often: a lane that one service names for it holds in
 * all, so that none can make a gray instance one of the baseline. Where two services name different lanes it serves neither.
 */
export function agreeOnLanes(services: readonly ServiceConfig[]): readonly ServiceConfig[] {
  const lanesAt: LanesAt = new Map();
  for (const { endpoints } of services) for (const endpoint of endpoints) note(endpoint, lanesAt);
  if (lanesAt.size === 0) return services;
  return services.map((service) => agreeOn(service, lanesAt));
}

function agreeOn(service: ServiceConfig, lanesAt: LanesAt): ServiceConfig {
  const asTold: EndpointConfig[] = [];
  const changed: EndpointConfig[] = [];
  for (const endpoint of service.endpoints) {
    const agreed = agree(endpoint, lanesAt);
    (agreed === endpoint ? asTold : changed).push(agreed);
  }
  // Where one address stands twice the last one counts: the pod that names the lane itself.
  return changed.length === 0 ? service : { ...service, endpoints: [...changed, ...asTold] };
}

function note(endpoint: EndpointConfig, lanesAt: LanesAt): void {
  const { lane } = endpoint;
  if (lane === undefined || lane === '') return;
  for (const address of addressesOf(endpoint)) {
    let byPort = lanesAt.get(address);
    if (byPort === undefined) lanesAt.set(address, (byPort = new Map()));
    for (const port of Object.values(endpoint.ports)) {
      const lanes = byPort.get(port);
      if (lanes === undefined) byPort.set(port, new Set([lane]));
      else lanes.add(lane);
    }
  }
}

function agree(endpoint: EndpointConfig, lanesAt: LanesAt): EndpointConfig {
  let found: string | undefined = endpoint.lane === '' ? undefined : endpoint.lane;
  let isDisputed = false;
  for (const address of addressesOf(endpoint)) {
    const byPort = lanesAt.get(address);
    if (byPort === undefined) continue;
    for (const port of Object.values(endpoint.ports)) {
      for (const lane of byPort.get(port) ?? []) {
        found ??= lane;
        isDisputed ||= lane !== found;
      }
    }
  }
  if (isDisputed && found !== undefined) {
    return { ...endpoint, lane: found, healthy: false, dropReason: 'disputed-lane' };
  }
  return found === undefined || found === endpoint.lane ? endpoint : { ...endpoint, lane: found };
}

function addressesOf({ address, aliases = [] }: EndpointConfig): readonly string[] {
  return aliases.length === 0 ? [address] : [address, ...aliases];
}

/**
 * The order in which the services of one address are asked where nothing else tells which one is meant: those that take part in
 * lanes, for the others would lose the request's lane; those with a baseline, for they can serve anybody; those of a group, whose
 * fallback somebody has thought about; then by service id and port, so that every sidecar comes to the same.
 */
export function byClaim(a: AddressOwner, b: AddressOwner): number {
  const [one, other] = [a.servicePort.service, b.servicePort.service];
  if (one === other) return a.servicePort.port - b.servicePort.port;
  if (one.isInLanes !== other.isInLanes) return one.isInLanes ? -1 : 1;
  const hasBaseline = a.servicePort.subsets.has(BASELINE);
  if (hasBaseline !== b.servicePort.subsets.has(BASELINE)) return hasBaseline ? -1 : 1;
  const isGrouped = one.policy.group !== '';
  if (isGrouped !== (other.policy.group !== '')) return isGrouped ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}
