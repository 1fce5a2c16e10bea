import { DROP_REASONS } from '@lanekeeper/protocol/reasons';
import type { Endpoint as MeshEndpoint, Service, ServicePort, Snapshot, Subset } from '../route/snapshot.ts';
import { checkQuery, json, parameter, problem, type Endpoint } from './endpoint.ts';
import type { EndpointState } from './admin-deps.ts';

export interface ClusterDeps {
  readonly snapshot: () => Snapshot;
  readonly endpointState: (key: string) => EndpointState;
}

/** `GET /clusters`: services, their endpoints by lane, and what this sidecar knows of each. */
export function getClusters({ snapshot, endpointState }: ClusterDeps): Endpoint {
  return ({ query }) => {
    const mistake = checkQuery(query, ['service']);
    if (mistake !== undefined) return mistake;
    const wanted = parameter(query, 'service');
    const { services, generation } = snapshot();
    const found = [...services.values()].filter(
      (service) => wanted === undefined || service.id === wanted || service.name === wanted,
    );
    if (wanted !== undefined && found.length === 0) {
      return problem(404, 'unknown-service', `no service ${wanted} is known here; GET /clusters lists all`);
    }
    return json({ generation, services: found.map((service) => showService(service, endpointState)) });
  };
}

function showService(service: Service, stateOf: ClusterDeps['endpointState']): object {
  const { group, mode } = service.policy;
  return {
    service: service.id,
    group: group === '' ? null : group,
    mode,
    lanes: service.candidates,
    ports: [...service.ports.values()].map((port) => showPort(port, stateOf)),
  };
}

function showPort({ port, protocol, subsets }: ServicePort, stateOf: ClusterDeps['endpointState']): object {
  const endpoints = [...subsets.values()].flatMap((subset) =>
    subset.endpoints.map((endpoint) => showEndpoint(endpoint, subset, stateOf(endpoint.key))),
  );
  return { port, protocol, endpoints };
}

function showEndpoint(endpoint: MeshEndpoint, subset: Subset, state: EndpointState): object {
  const { key, lane, pod, zone, weight, healthy, source } = endpoint;
  const reason =
    subset.unusable.find((one) => one.endpoint === key)?.reason ?? (state.ejected ? 'ejected' : null);
  return {
    address: key,
    // What named its lane could not be read: calling it baseline would be wrong, and it serves neither.
    lane: reason === 'invalid-lane' ? null : lane,
    pod: pod ?? null,
    zone: zone ?? null,
    weight,
    healthy,
    source,
    ...state,
    unused: reason,
    sentence: reason === null ? null : DROP_REASONS[reason],
  };
}
