import { isLoopback, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { readOutboundEvidence } from '../lane/evidence.ts';
import { NO_RULES } from '../lane/rule-set.ts';
import type { Connection } from '../listen/connection.ts';
import type { RequestHead } from '../wire/head.ts';
import { addressKey } from './address-key.ts';
import type { Decision } from './decision.ts';
import type { DecisionContext } from './decision-context.ts';
import { evidenceContext } from './decision-context.ts';
import {
  conflictEvidence,
  isConflict,
  passThrough,
  refuse,
  refuseConflict,
  refuseEvidence,
  routeToSubset,
} from './make-decision.ts';
import { ownListener } from './refusals.ts';
import { passThroughTarget, resolveDestination } from './resolve-destination.ts';

/** A request that the application sends. To no service of the mesh: passed through, whatever its tag says. */
export function decideOutbound(
  head: RequestHead,
  connection: Connection,
  context: DecisionContext,
): Decision {
  const { snapshot } = context;
  const destination = resolveDestination(context, connection.destination, head.authority);
  const { servicePort } = destination;
  if (servicePort === undefined) return decidePassThrough(head, connection, context);
  const policy = servicePort.service.policy;
  const evidence = readOutboundEvidence(head, evidenceContext(context, policy, NO_RULES));
  if (isConflict(evidence)) return refuseConflict(evidence, servicePort, snapshot.generation);
  return (
    refuseEvidence(evidence, servicePort, snapshot.generation) ??
    routeToSubset(
      { evidence, servicePort, escape: undefined, chosen: destination.preferred },
      undefined,
      context,
    )
  );
}

function decidePassThrough(head: RequestHead, connection: Connection, context: DecisionContext): Decision {
  const { snapshot } = context;
  const found = readOutboundEvidence(head, evidenceContext(context, snapshot.defaultPolicy, NO_RULES));
  // Two tags decide nothing here: the request is not ours to route, and no tag leaves the mesh.
  const evidence = isConflict(found) ? conflictEvidence(found.conflict) : found;
  const target = passThroughTarget(connection.destination, head.authority);
  if (target !== undefined && isOwnListener(target, connection)) {
    return refuse(
      { evidence, servicePort: undefined, refusal: ownListener(head.authority) },
      snapshot.generation,
    );
  }
  return passThrough(evidence, target, snapshot.generation, context.doubt?.(connection, head.authority));
}

/** `Host: localhost:15001` would lead back here, again and again. */
function isOwnListener(target: SocketAddress, { local }: Connection): boolean {
  if (target.port !== local.port) return false;
  if (target.address === 'localhost') return isLoopback(local.address);
  return addressKey(target) === addressKey(local);
}
