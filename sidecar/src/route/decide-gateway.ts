import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { readGatewayEvidence, type Evidence } from '../lane/evidence.ts';
import type { TagConflict } from '../lane/tag.ts';
import type { Connection } from '../listen/connection.ts';
import { RequestView } from '../lane/request-view.ts';
import { NO_RULES } from '../lane/rule-set.ts';
import type { ProxyError } from '../proxy-error.ts';
import type { RequestHead } from '../wire/head.ts';
import { parseAuthority } from './authority.ts';
import { evidenceContext, type DecisionContext } from './decision-context.ts';
import type { Decision } from './decision.ts';
import { answer, isConflict, refuse, refuseConflict, routeToSubset } from './make-decision.ts';
import type { ServicePort } from './snapshot.ts';
import { findEndpoint, isOf } from './edge/affinity.ts';
import { chooseBackend, type Choice } from './edge/choose-backend.ts';
import { findClient, type Client } from './edge/client-address.ts';
import { isPreflight } from './edge/cors.ts';
import { edgeEvidence } from './edge/edge-evidence.ts';
import { readEdgePath } from './edge/edge-path.ts';
import type { EdgeOutcome } from './edge/edge-outcome.ts';
import { NO_MIRRORS } from './edge/edge-outcome.ts';
import * as refusals from './edge/edge-refusals.ts';
import type { Listener, Rule } from './edge/edge-table.ts';
import { findEdgeRule, findListener } from './edge/find-place.ts';
import { pickMirrors } from './edge/pick-mirrors.ts';

const UNREAD: Evidence = { lane: BASELINE, rung: 'none', detail: 'no route', ambiguous: false };
const ANSWERED: Evidence = { ...UNREAD, detail: 'answered at the edge' };

/** A request with all that is known of where it came in. */
interface Arrival {
  readonly view: RequestView;
  readonly connection: Connection;
  readonly context: DecisionContext;
  readonly listener: Listener;
  readonly client: Client;
}

/** A request from outside the mesh: listener, rule and backend by what it asks for; then colour and endpoint. */
export function decideGateway(head: RequestHead, connection: Connection, context: DecisionContext): Decision {
  const { generation, edge } = context.snapshot;
  const { host } = parseAuthority(head.authority);
  const listener = findListener(edge, connection.edge, host);
  if (listener === undefined || listener === 'misdirected') {
    const refusal = listener === undefined ? refusals.noHost : refusals.misdirected;
    return refuse({ evidence: UNREAD, servicePort: undefined, refusal: refusal(head.authority) }, generation);
  }
  const client = findClient(connection.peer.address, head.headers, listener.isTrustedProxy);
  const origin = { clientAddress: client.address, newKey: context.newKey };
  const arrival = { view: new RequestView(head, origin), connection, context, listener, client };
  const rule = ruleFor(arrival, host);
  return 'generation' in rule ? rule : decideByRule(arrival, rule);
}

function ruleFor(arrival: Arrival, host: string): Rule | Decision {
  const { view, listener, client } = arrival;
  const { head } = view;
  if (listener.isAllowed?.(client.address) === false) {
    return refuseArrival(arrival, refusals.forbiddenClient('this listener'));
  }
  const path = readEdgePath(head.path);
  if (path === undefined) return refuseArrival(arrival, refusals.unsafePath());
  const scheme = client.isForwarded ? view.header('x-forwarded-proto') : undefined;
  const isTunnel = head.method === 'CONNECT' && head.path === '';
  const rule = isTunnel ? undefined : findEdgeRule(listener, { host, path, view, scheme });
  if (rule === undefined) {
    return refuseArrival(arrival, refusals.noRule(listener, head.authority, head.path));
  }
  return rule === 'unsafe' ? refuseArrival(arrival, refusals.unsafePath()) : rule;
}

function refuseArrival({ context }: Arrival, refusal: ProxyError): Decision {
  return refuse({ evidence: UNREAD, servicePort: undefined, refusal }, context.snapshot.generation);
}

function decideByRule(arrival: Arrival, rule: Rule): Decision {
  const { view, client, context } = arrival;
  const { action, cors } = rule;
  const { generation } = context.snapshot;
  if (rule.isAllowed?.(client.address) === false) {
    return refuseByRule(arrival, outcomeOf(arrival, rule, {}), refusals.forbiddenClient('this route'));
  }
  if (cors !== undefined && isPreflight(view.head)) {
    return answer(ANSWERED, outcomeOf(arrival, rule, { answer: 'preflight' }), generation);
  }
  if (action.kind !== 'forward') {
    return answer(ANSWERED, outcomeOf(arrival, rule, { answer: action.kind }), generation);
  }
  const choice = chooseBackend(rule, action.backends, view, context.random);
  const servicePort = servicePortOf(rule, choice, context);
  return servicePort instanceof Error
    ? refuseByRule(arrival, outcomeOf(arrival, rule, { choice }), servicePort)
    : forward(arrival, rule, choice, servicePort);
}

function refuseByRule({ context }: Arrival, edge: EdgeOutcome, refusal: ProxyError): Decision {
  return refuse({ evidence: UNREAD, servicePort: undefined, refusal, edge }, context.snapshot.generation);
}

function servicePortOf(
  rule: Rule,
  { backend }: Choice,
  { snapshot }: DecisionContext,
): ServicePort | ProxyError {
  if (backend === undefined) return refusals.noBackend(rule, 'none of its backends has a weight');
  if (backend.serviceId === undefined) return refusals.noBackend(rule, 'the backend does not exist');
  const servicePort = snapshot.services.get(backend.serviceId)?.ports.get(backend.port);
  return servicePort ?? refusals.backendNotKnown(rule, backend);
}

function forward(arrival: Arrival, rule: Rule, choice: Choice, servicePort: ServicePort): Decision {
  const { context } = arrival;
  const { backend, affinity } = choice;
  const evidence = evidenceOf(arrival, rule, choice, servicePort);
  if (isConflict(evidence)) return refuseConflict(evidence, servicePort, context.snapshot.generation);
  const isBack = affinity !== undefined && backend !== undefined && isOf(affinity, backend);
  const chosen = isBack ? findEndpoint(servicePort, affinity) : undefined;
  const mirrors = rule.mirrors.length === 0 ? NO_MIRRORS : pickMirrors(rule.mirrors, evidence, context);
  const edge = outcomeOf(arrival, rule, { choice, mirrors });
  return routeToSubset({ evidence, servicePort, escape: undefined, chosen, edge }, undefined, context);
}

/** A backend that is of a lane colours, and a rule that writes a lane's header; else the rules of the service's group do. */
function evidenceOf(
  { view, listener, context }: Arrival,
  rule: Rule,
  choice: Choice,
  { service: { policy } }: ServicePort,
): Evidence | TagConflict {
  const byEdge = edgeEvidence(rule, choice, policy.evidence.bridge);
  if (byEdge !== undefined) return byEdge;
  const rules = context.snapshot.rulesByGroup.get(policy.group) ?? NO_RULES;
  const { trustIncomingTag } = listener;
  return readGatewayEvidence(view, evidenceContext(context, policy, rules, view.origin), {
    trustIncomingTag,
  });
}

function outcomeOf(
  { view, context, listener, client }: Arrival,
  rule: Rule,
  { answer: how, choice, mirrors = NO_MIRRORS }: Partial<Pick<EdgeOutcome, 'answer' | 'choice' | 'mirrors'>>,
): EdgeOutcome {
  const hasId = listener.isPlain || how !== undefined || view.header('x-request-id') !== undefined;
  const requestId = hasId ? undefined : context.newId();
  return { listener, rule, answer: how, client, requestId, choice, mirrors };
}
