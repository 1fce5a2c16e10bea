import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { PodFacts, PodLookup, SourceService } from './source-service.ts';

/** An instance of a registry whose pod is of another lane than its metadata say. */
export interface LaneDispute {
  /** `shop/b` */
  readonly service: string;
  /** `10.0.0.1:8080` */
  readonly instance: string;
  /** `namespace/name` */
  readonly pod: string;
  /** The lane that the registry says; null: none. */
  readonly registered: string | null;
  /** The pod's own; null: none. */
  readonly lane: string | null;
}

/** By service and instance. What names no lane at all, though it tries to, is told of elsewhere. */
export function laneDisputes(services: Iterable<SourceService>, podAt: PodLookup): readonly LaneDispute[] {
  const disputes = [...services].flatMap(({ config }) =>
    config.endpoints.flatMap((endpoint) => {
      const pod = podAt(endpoint.address);
      if (pod === undefined || !isDisputed(endpoint, pod)) return [];
      return Object.values(endpoint.ports).map((port): LaneDispute => ({
        service: serviceId(config),
        instance: formatAddress({ address: endpoint.address, port }),
        pod: `${pod.namespace}/${pod.pod}`,
        registered: endpoint.lane ?? null,
        lane: pod.lane ?? null,
      }));
    }),
  );
  return disputes.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** What is about to go is nobody's concern any more. */
function isDisputed({ lane, dropReason }: EndpointConfig, pod: PodFacts): boolean {
  if (pod.isMisnamed || pod.dropReason === 'terminating' || dropReason === 'invalid-lane') return false;
  return lane !== pod.lane;
}

function keyOf({ service, instance }: LaneDispute): string {
  return `${service} ${instance}`;
}
