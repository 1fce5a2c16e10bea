import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { FALLBACK_REASONS } from '@lanekeeper/protocol/reasons';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { Evidence } from '../lane/evidence.ts';
import type { Decision } from './decision.ts';
import { laneName, plural, portName } from './refusals.ts';

/** What happened to a request, in one or two sentences for a person. */
export function describeDecision(decision: Decision): string {
  return `${describeEvidence(decision.evidence)} ${describeOutcome(decision)}`;
}

function describeEvidence(evidence: Evidence): string {
  const { lane, rung, detail } = evidence;
  const found = rung === 'none' ? `${capital(laneName(lane))}` : `${capital(laneName(lane))} by ${rung}`;
  const guess = evidence.ambiguous ? '; ambiguous, so not guessed' : '';
  return `${found} (${detail}${guess}).`;
}

function describeOutcome(decision: Decision): string {
  const { refusal, servicePort, target } = decision;
  if (refusal !== undefined) return `Refused: ${refusal.message}`;
  if (decision.escape === 'corrected') {
    return `It reached a pod of another lane and is sent on once: ${describeRoute(decision)}`;
  }
  if (servicePort === undefined) {
    const where = target === undefined ? 'its destination' : formatAddress(target);
    return decision.subset === undefined
      ? `${where} is no service of the mesh: passed through untouched.`
      : `This pod's service is not known here: handed to the application at ${where}.`;
  }
  return describeRoute(decision);
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
