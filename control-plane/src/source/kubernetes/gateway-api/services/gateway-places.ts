import type { KubeService } from '../../objects.ts';
import type { GatewayAddress, GatewayPlace } from '../convert/gateway-api-view.ts';

/** On a Service of ours: the Gateway (`namespace/name`) that it is for. */
export const GATEWAY_ANNOTATION = 'lanekeeper.io/gateway';

/** Ports of gateway pods that Services of Gateways lead to. */
export const TARGET_PORTS = { from: 20_000, count: 10_000 } as const;

/** A Service of a Gateway, and what of it can be used. */
export interface PlacedService extends GatewayPlace {
  readonly service: KubeService;
}

/**
 * Services of Gateways by the Gateway's `namespace/name`. No target port is used twice: of two Services that have it, the first by
 * name keeps it.
 */
export function placesOf(services: Iterable<KubeService>): ReadonlyMap<string, PlacedService> {
  const places = new Map<string, PlacedService>();
  const taken = new Set<number>();
  const sorted = [...services].sort((a, b) => (a.meta.name < b.meta.name ? -1 : 1));
  for (const service of sorted) {
    const gateway = service.meta.annotations[GATEWAY_ANNOTATION];
    if (gateway === undefined || places.has(gateway)) continue;
    const targetPorts = new Map<number, number>();
    for (const { port, targetPort } of service.ports) {
      if (!isTargetPort(targetPort) || taken.has(targetPort)) continue;
      taken.add(targetPort);
      targetPorts.set(port, targetPort);
    }
    places.set(gateway, { service, targetPorts, addresses: addressesOf(service) });
  }
  return places;
}

function isTargetPort(port: number | string): port is number {
  return (
    typeof port === 'number' && port >= TARGET_PORTS.from && port < TARGET_PORTS.from + TARGET_PORTS.count
  );
}

/** Where clients find it: of a load balancer what that has given it, otherwise its own within the cluster. */
function addressesOf({ type, loadBalancer = [], clusterIPs }: KubeService): readonly GatewayAddress[] {
  if (type !== 'LoadBalancer') return clusterIPs.map((value) => ({ type: 'IPAddress', value }));
  return loadBalancer.map((value) => ({ type: /^[0-9.]+$|:/.test(value) ? 'IPAddress' : 'Hostname', value }));
}
