import type { EndpointConfig, ServiceConfig } from '@lanekeeper/protocol/model';

/**
 * The same service in the one form that it is hashed and sent in: members in a fixed order, endpoints by address and port. Two
 * sources, or two replicas that saw events in another order, come to the same version.
 */
export function normalizeService(service: ServiceConfig): ServiceConfig {
  const { name, namespace, affinity } = service;
  return {
    name,
    namespace,
    hosts: [...new Set(service.hosts)],
    addresses: [...new Set(service.addresses)],
    ports: service.ports.map(({ port, protocol }) => ({ port, protocol })).sort((a, b) => a.port - b.port),
    endpoints: sortEndpoints(service.endpoints.map(normalizeEndpoint)),
    ...(affinity === undefined ? {} : { affinity }),
  };
}

function normalizeEndpoint(endpoint: EndpointConfig): EndpointConfig {
  const { address, ports, lane, weight, zone, pod, healthy, dropReason, aliases, source } = endpoint;
  return {
    address,
    // Shared: many endpoints have the same. Integer keys are enumerated in ascending order, whatever order they came in.
    ports,
    ...(lane === undefined || lane === '' ? {} : { lane }),
    weight,
    ...(zone === undefined ? {} : { zone }),
    ...(pod === undefined ? {} : { pod }),
    healthy,
    ...(healthy || dropReason === undefined ? {} : { dropReason }),
    ...(aliases === undefined || aliases.length === 0 ? {} : { aliases: [...aliases] }),
    source,
  };
}

function sortEndpoints(endpoints: readonly EndpointConfig[]): readonly EndpointConfig[] {
  return endpoints
    .map((endpoint) => ({ endpoint, key: orderKey(endpoint) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ endpoint }) => endpoint);
}

function orderKey({ address, ports, pod, lane }: EndpointConfig): string {
  return `${address} ${Object.values(ports).join(' ')} ${pod ?? ''} ${lane ?? ''}`;
}
