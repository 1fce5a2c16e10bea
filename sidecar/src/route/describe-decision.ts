import type { Direction } from '@lanekeeper/protocol/hop';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { DropReason } from '@lanekeeper/protocol/reasons';
import { DROP_REASONS, FALLBACK_REASONS } from '@lanekeeper/protocol/reasons';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { Evidence } from '../lane/evidence.ts';
import type { Decision } from './decision.ts';
import { laneName, plural, portName } from './refusals.ts';
import type { Endpoint } from './snapshot.ts';

/** What happened to a request, in one or two sentences for a person. */
export function describeDecision(decision: Decision, direction: Direction): string {
  const parts = [
    describeEvidence(decision.evidence),
    describeEdge(decision),
    describeOutcome(decision, direction),
    describeChoice(decision),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** What became of the endpoint that the client had connected to by itself. */
function describeChoice({ chosen, endpoint, evidence, fallback, dropped }: Decision): string {
  if (chosen === undefined) return '';
  if (chosen.key === endpoint?.key) return "That is the client's own choice, so it is kept.";
  const had = `The client had chosen ${chosen.key} of ${chosen.lane}`;
  const reason = dropped.find((one) => one.endpoint === chosen.key)?.reason ?? reasonOf(chosen);
  const isOfLane = chosen.lane === evidence.lane || chosen.lane === fallback?.to;
  if (reason !== undefined && (isOfLane || reason === 'invalid-lane')) {
    return `${had}, which is not used: ${DROP_REASONS[reason]}.`;
  }
  if (isOfLane) return `${had}, which is not used now.`;
  return evidence.lane === BASELINE
    ? `${had}, which a request of the baseline never goes to.`
    : `${had}, which is not what a request of ${laneName(evidence.lane)} gets here.`;
}

/** Where nobody looked for candidates: it is of no subset that the request could have had. */
function reasonOf({ healthy, dropReason }: Endpoint): DropReason | undefined {
  return healthy ? undefined : (dropReason ?? 'unhealthy');
}

/** The gateway's rule, and what it did beside sending the request on. */
function describeEdge({ edge }: Decision): string {
  if (edge === undefined) return '';
  const { rule, answer, choice } = edge;
  const canary = choice?.canary;
  const taken = canary === undefined ? `By ${rule.name}` : `By ${rule.name}, taken by canary ${canary}`;
  if (answer === undefined) return `${taken}.`;
  const { action } = rule;
  if (answer === 'preflight') return `${taken}: the CORS preflight is answered here.`;
  if (action.kind === 'redirect') return `${taken}: redirected with ${action.status}.`;
  return action.kind === 'reply'
    ? `${taken}: answered with ${action.status}, ${action.reason}.`
    : `${taken}.`;
}

function describeEvidence(evidence: Evidence): string {
  const { lane, rung, detail } = evidence;
  const found = rung === 'none' ? `${capital(laneName(lane))}` : `${capital(laneName(lane))} by ${rung}`;
  const guess = evidence.ambiguous ? '; ambiguous, so not guessed' : '';
  return `${found} (${detail}${guess}).`;
}

function describeOutcome(decision: Decision, direction: Direction): string {
  const { refusal, servicePort, target } = decision;
  if (refusal !== undefined) return `Refused: ${refusal.message}`;
  if (decision.edge?.answer !== undefined) return '';
  if (decision.escape === 'corrected') {
    return `It reached a pod of another lane and is sent on once: ${describeRoute(decision)}`;
  }
  if (decision.escape === 'relayed') {
    return `Its application accepts no connection, so it is sent on: ${describeRoute(decision)}`;
  }
  if (servicePort === undefined) {
    const where = target === undefined ? 'its destination' : formatAddress(target);
    if (decision.doubt !== undefined) {
      return `${where} is not known here, for ${decision.doubt}: passed through untouched.`;
    }
    return decision.subset === undefined
      ? `${where} is no service of the mesh: passed through untouched.`
      : `This pod's service is not known here: handed to the application at ${where}.`;
  }
  return direction === 'inbound' ? describeServed(decision) : describeRoute(decision);
}

/** Accepted by the pod that it reached. */
function describeServed({ servicePort, subset, fallback }: Decision): string {
  if (servicePort === undefined || subset === undefined) return '';
  const service = portName(servicePort);
  if (fallback === undefined) return `It is served by this pod: ${service} in ${subset}.`;
  return `It is served by this pod, ${service} in ${subset}, which stands in for ${fallback.from}: ${FALLBACK_REASONS[fallback.reason]}.`;
}

function describeRoute({ servicePort, subset, fallback, endpoint, target }: Decision): string {
  if (servicePort === undefined || subset === undefined) return '';
  const service = portName(servicePort);
  const to = endpoint?.key ?? (target === undefined ? 'the application' : formatAddress(target));
  const taken = `${to} of ${plural(servicePort.subsets.get(subset)?.endpoints.length ?? 0)} in ${subset}`;
  if (fallback === undefined) return `${service} goes to ${taken}.`;
  const from = fallback.from === BASELINE ? 'the baseline' : fallback.from;
  return `${service} falls back from ${from} to ${fallback.to}: ${FALLBACK_REASONS[fallback.reason]}. It goes to ${taken}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
