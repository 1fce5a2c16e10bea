import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { HEADERS, HOP } from '@lanekeeper/protocol/headers';
import type { FallbackReason } from '@lanekeeper/protocol/reasons';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import type { Evidence } from '../lane/evidence.ts';
import { readInboundEvidence } from '../lane/evidence.ts';
import { NO_RULES, type RuleSet } from '../lane/rule-set.ts';
import type { Connection } from '../listen/connection.ts';
import type { RequestHead } from '../wire/head.ts';
import type { Decision, Fallback } from './decision.ts';
import type { DecisionContext } from './decision-context.ts';
import { evidenceContext } from './decision-context.ts';
import { chainOf } from './lane-chain.ts';
import { isConflict, refuse, refuseConflict, toSelection } from './make-decision.ts';
import type { OwnService } from './own-service.ts';
import { findOwnService } from './own-service.ts';
import { correctionLoop, unknownDestination, wrongLane } from './refusals.ts';
import { NONE_DROPPED, reasonToLeave, selectSubset } from './select-subset.ts';
import type { Dropped, ServicePort, Snapshot } from './snapshot.ts';

/** One request that reached this pod, with all that its judgement needs. */
interface Arrival {
  readonly head: RequestHead;
  readonly connection: Connection;
  readonly context: DecisionContext;
  readonly own: OwnService;
  readonly evidence: Evidence;
}

/**
 * A request that reached this pod. It is served when this pod's lane is what the request should get here; otherwise somebody
 * chose wrongly, and it is sent on once (permissive) or refused (strict). A request of the baseline is never served by a pod
 * that carries a lane.
 */
export function decideInbound(head: RequestHead, connection: Connection, context: DecisionContext): Decision {
  const { snapshot, workload, untaggedInbound } = context;
  const own = findOwnService(head, connection, context);
  const policy = own.service?.policy ?? snapshot.defaultPolicy;
  const rules = entryRules(snapshot, workload.app, policy.group);
  const origin = { clientAddress: connection.peer.address };
  const evidence = readInboundEvidence(
    head,
    evidenceContext(context, policy, rules, origin),
    untaggedInbound,
  );
  if (isConflict(evidence)) return refuseConflict(evidence, own.servicePort, snapshot.generation);
  return judge({ head, connection, context, own, evidence });
}

/** An app of another group that happens to have the name of an entry does not colour, unless a rule beside lanes names it. */
function entryRules(snapshot: Snapshot, app: string, group: string): RuleSet {
  const entry = snapshot.rulesByEntry.get(app);
  if (entry === undefined) return NO_RULES;
  return group === '' ? entry.all : (entry.byGroup.get(group) ?? entry.beside);
}

function judge(arrival: Arrival): Decision {
  const { context, own, evidence } = arrival;
  const podLane = context.workload.lane;
  if (evidence.lane === podLane) return accept(arrival, undefined, NONE_DROPPED);
  const { servicePort } = own;
  if (servicePort === undefined) {
    return podLane === BASELINE
      ? accept(arrival, undefined, NONE_DROPPED)
      : refuseArrival(arrival, 'refused');
  }
  return judgeByService(arrival, servicePort);
}

function judgeByService(arrival: Arrival, servicePort: ServicePort): Decision {
  const { head, context, own, evidence } = arrival;
  const podLane = context.workload.lane;
  const { laneNames } = context.snapshot;
  // Where the pod and its endpoint disagree about its lane, the right endpoint must at least be another one.
  const tried = own.endpoint === undefined || own.endpoint.lane === podLane ? undefined : own.endpoint.key;
  const selection = selectSubset(
    evidence.lane,
    servicePort,
    { laneNames, picker: context.picker },
    { tried: tried === undefined ? undefined : new Set([tried]), preferred: undefined },
  );
  if (selection.subset === podLane) return accept(arrival, selection.fallback, selection.dropped);
  const hop = head.headers.get(HEADERS.hop);
  const wasSentOn = hop === HOP.corrected || hop === HOP.relayed;
  // Whoever chose did not know the colour that the request has got only here.
  const isColoured = evidence.rung === 'rule';
  const chosen = wasSentOn || (hop === HOP.origin && !isColoured);
  // Chosen by a sidecar that saw other failures than we do, or the best there is: both within what the lane allows.
  if ((chosen || selection.endpoint === undefined) && mayServe(podLane, arrival, servicePort, chosen)) {
    return accept(arrival, fallbackTo(podLane, arrival, servicePort), selection.dropped);
  }
  if (wasSentOn) return refuseArrival(arrival, 'loop');
  if (servicePort.service.policy.mode === 'strict' && !isColoured) return refuseArrival(arrival, 'refused');
  return toSelection({ evidence, servicePort, escape: 'corrected', chosen: undefined }, selection, context);
}

/** The baseline may serve any lane when a sidecar chose it: the caller's may know of the lane what ours does not yet. */
function mayServe(podLane: string, arrival: Arrival, servicePort: ServicePort, isChosen: boolean): boolean {
  if (isChosen && podLane === BASELINE) return true;
  const { evidence, context } = arrival;
  return chainOf(evidence.lane, servicePort.service, context.snapshot.laneNames).lanes.includes(podLane);
}

function fallbackTo(to: string, arrival: Arrival, servicePort: ServicePort): Fallback {
  const from = arrival.evidence.lane;
  const chain = chainOf(from, servicePort.service, arrival.context.snapshot.laneNames);
  const reason: FallbackReason = chain.reason ?? reasonToLeave(from, servicePort);
  return { from, to, reason };
}

function accept(arrival: Arrival, fallback: Fallback | undefined, dropped: readonly Dropped[]): Decision {
  const { connection, context, own, evidence } = arrival;
  const target = connection.destination ?? context.appAddress;
  const { generation } = context.snapshot;
  if (target === undefined) {
    const refusal = unknownDestination(
      `the connection was not intercepted, and ${VARIABLES.appAddress} is not set.`,
    );
    return refuse({ evidence, servicePort: own.servicePort, refusal, dropped }, generation);
  }
  return {
    evidence,
    servicePort: own.servicePort,
    subset: context.workload.lane,
    fallback,
    endpoint: own.endpoint,
    chosen: undefined,
    target,
    dropped,
    refusal: undefined,
    escape: undefined,
    doubt: undefined,
    generation,
  };
}

function refuseArrival(arrival: Arrival, escape: 'refused' | 'loop'): Decision {
  const { context, own, evidence } = arrival;
  const podLane = context.workload.lane;
  const where = own.service?.id ?? `${context.workload.namespace}/${context.workload.app}`;
  const sentence = escape === 'loop' ? correctionLoop : wrongLane;
  const refusal = sentence(evidence.lane, podLane, where);
  return refuse({ evidence, servicePort: own.servicePort, refusal, escape }, context.snapshot.generation);
}
