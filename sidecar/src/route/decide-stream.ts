import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Evidence } from '../lane/evidence.ts';
import { readOutboundEvidence } from '../lane/evidence.ts';
import { NO_RULES } from '../lane/rule-set.ts';
import type { Connection } from '../listen/connection.ts';
import { addressKey } from './address-key.ts';
import type { Decision } from './decision.ts';
import type { DecisionContext } from './decision-context.ts';
import { evidenceContext } from './decision-context.ts';
import {
  conflictEvidence,
  isConflict,
  passThrough,
  refuseConflict,
  refuseEvidence,
  routeToSubset,
} from './make-decision.ts';
import { namedPort } from './resolve-destination.ts';
import type { ServicePort, Snapshot } from './snapshot.ts';

/**
 * A connection whose bytes are carried unread. Outbound to a virtual address, or to a name by CONNECT, it goes to the subset of its lane, as kube-proxy
 * would take any pod; to a pod's own address, or to a stranger, it is left alone: the client may depend on just that peer.
 */
export function decideStream(connection: Connection, context: DecisionContext): Decision {
  if (connection.direction !== 'outbound') return decideArriving(connection, context);
  const { snapshot } = context;
  const servicePort = virtualOwner(connection, snapshot);
  const policy = servicePort?.service.policy ?? snapshot.defaultPolicy;
  const evidence = readOutboundEvidence(undefined, evidenceContext(context, policy, NO_RULES));
  if (servicePort === undefined) {
    const known = isConflict(evidence) ? conflictEvidence(evidence.conflict) : evidence;
    return passThrough(known, connection.destination, snapshot.generation, context.doubt?.(connection, ''));
  }
  if (isConflict(evidence)) return refuseConflict(evidence, servicePort, snapshot.generation);
  return (
    refuseEvidence(evidence, servicePort, snapshot.generation) ??
    routeToSubset({ evidence, servicePort, escape: undefined, chosen: undefined }, undefined, context)
  );
}

/** Undefined when any owner of the address is an endpoint: then the client meant that one peer. */
function virtualOwner(connection: Connection, snapshot: Snapshot): ServicePort | undefined {
  const { destination } = connection;
  if (destination === undefined) return undefined;
  const owners = snapshot.byAddress.get(addressKey(destination));
  if (owners === undefined) return namedPort(snapshot, destination);
  if (owners.some((owner) => owner.endpoint !== undefined)) return undefined;
  return owners[0]?.servicePort;
}

/** Opaque bytes carry no tag, so nothing can be judged: they go to the application that they were sent to. */
function decideArriving(connection: Connection, context: DecisionContext): Decision {
  const { workload, appAddress, snapshot } = context;
  const target = connection.destination ?? (connection.direction === 'inbound' ? appAddress : undefined);
  return passThrough(arrivingEvidence(workload.lane), target, snapshot.generation);
}

function arrivingEvidence(lane: string): Evidence {
  if (lane === BASELINE) return { lane, rung: 'none', detail: 'opaque bytes', ambiguous: false };
  return { lane, rung: 'workload', detail: `pod of lane ${lane}`, ambiguous: false };
}
