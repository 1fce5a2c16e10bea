import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Evidence } from '../lane/evidence.ts';
import { readGatewayEvidence } from '../lane/evidence.ts';
import type { Connection } from '../listen/connection.ts';
import type { RequestHead } from '../wire/head.ts';
import type { Decision } from './decision.ts';
import type { DecisionContext } from './decision-context.ts';
import { NO_RULES, evidenceContext } from './decision-context.ts';
import { isConflict, refuse, refuseConflict, routeToSubset } from './make-decision.ts';
import { matchRoute } from './match-route.ts';
import { noRoute, routeToNowhere } from './refusals.ts';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { ServicePort, Snapshot } from './snapshot.ts';

const UNREAD: Evidence = { lane: BASELINE, rung: 'none', detail: 'no route', ambiguous: false };

/** A request from outside the mesh: the route finds the service, and the rules of its group colour the request. */
export function decideGateway(
  head: RequestHead,
  _connection: Connection,
  context: DecisionContext,
): Decision {
  const { snapshot } = context;
  const servicePort = routedTo(head, snapshot);
  if ('refusal' in servicePort) return servicePort;
  const policy = servicePort.service.policy;
  const rules = snapshot.rulesByGroup.get(policy.group) ?? NO_RULES;
  const { trustIncomingTag } = snapshot;
  const evidence = readGatewayEvidence(head, evidenceContext(context, policy, rules), { trustIncomingTag });
  if (isConflict(evidence)) return refuseConflict(evidence, servicePort, snapshot.generation);
  return routeToSubset({ evidence, servicePort, escape: undefined, chosen: undefined }, undefined, context);
}

function routedTo(head: RequestHead, snapshot: Snapshot): ServicePort | Decision {
  const route = matchRoute(snapshot.routeTable, head.authority, head.path);
  if (route === undefined) {
    const refusal = noRoute(head.authority, head.path);
    return refuse({ evidence: UNREAD, servicePort: undefined, refusal }, snapshot.generation);
  }
  const id = serviceId(route.service);
  const servicePort = snapshot.services.get(id)?.ports.get(route.port);
  if (servicePort !== undefined) return servicePort;
  const refusal = routeToNowhere(id, route.port);
  return refuse({ evidence: UNREAD, servicePort: undefined, refusal }, snapshot.generation);
}
