import { LABELS } from '@lanekeeper/protocol/labels';
import { complain, down, type Cursor } from '../decoder.ts';
import type { LaneObject, MeshObject } from './object-types.ts';

/** What an object says that only a cluster can do is refused where there is none: silence would be taken for success. */
export function refuseOutsideKubernetes(object: MeshObject, at: Cursor): void {
  switch (object.kind) {
    case 'Lane':
      refuseSelector(object, down(at, 'spec', 'selector'));
      if (object.spec.ttlSeconds !== undefined) {
        complain(
          down(at, 'spec', 'ttl'),
          'counts from the creation of an object in Kubernetes, which a file does not have; leave it out and take the lane away when its time is over',
        );
      }
      return;
    case 'WorkloadLabelRule':
      if (object.spec.target === 'data') return;
      complain(
        down(at, 'spec', 'selector'),
        'selects pods in Kubernetes; outside of it endpoints and instances name their lane themselves: take the rule out',
      );
      return;
    case 'GatewayConfig':
      complain(
        down(at, 'kind'),
        'configures gateways in Kubernetes; of a mesh file the gateway reads gateway: {trustIncomingTag, routes}',
      );
      return;
    case 'LaneGroup':
    case 'TrafficLabelRule':
  }
}

/** The default says what endpoints say themselves: their lane. */
function refuseSelector({ meta, spec }: LaneObject, at: Cursor): void {
  const labels = Object.entries(spec.selector ?? {});
  if (labels.every(([name, value]) => name === LABELS.lane && value === meta.name)) return;
  complain(
    at,
    `chooses pods in Kubernetes; outside of it endpoints name their lane themselves (lane: ${meta.name}): leave it out`,
  );
}
