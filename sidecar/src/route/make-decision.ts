import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Evidence } from '../lane/evidence.ts';
import type { TagConflict } from '../lane/tag.ts';
import type { ProxyError } from '../proxy-error.ts';
import type { Decision, EscapeKind } from './decision.ts';
import type { EdgeOutcome } from './edge/edge-outcome.ts';
import type { DecisionContext } from './decision-context.ts';
import {
  ambiguousTag,
  emptySubset,
  laneAmbiguous,
  laneName,
  noEndpoint,
  portName,
  unknownDestination,
} from './refusals.ts';
import type { Selection } from './select-subset.ts';
import { NONE_DROPPED, selectOnly, selectSubset } from './select-subset.ts';
import type { Dropped, Endpoint, ServicePort } from './snapshot.ts';

/** Every decision is made here, so that all have one shape: the engine reads them faster and readers find every field. */

/** For a request whose destination the mesh does not know: it goes where it was addressed. */
export function passThrough(
  evidence: Evidence,
  target: SocketAddress | undefined,
  generation: string,
  doubt?: string,
): Decision {
  return {
    evidence,
    servicePort: undefined,
    subset: undefined,
    fallback: undefined,
    endpoint: undefined,
    chosen: undefined,
    target,
    dropped: NONE_DROPPED,
    refusal:
      target === undefined
        ? unknownDestination('expected an original destination address or a Host header.')
        : undefined,
    escape: undefined,
    doubt,
    generation,
    edge: undefined,
  };
}

export interface Refused {
  readonly evidence: Evidence;
  readonly servicePort: ServicePort | undefined;
  readonly refusal: ProxyError;
  readonly dropped?: readonly Dropped[];
  readonly escape?: EscapeKind | undefined;
  readonly chosen?: Endpoint | undefined;
  readonly edge?: EdgeOutcome | undefined;
}

/** For a request that is answered here. */
export function refuse(refused: Refused, generation: string): Decision {
  return {
    evidence: refused.evidence,
    servicePort: refused.servicePort,
    subset: undefined,
    fallback: undefined,
    endpoint: undefined,
    chosen: refused.chosen,
    target: undefined,
    dropped: refused.dropped ?? NONE_DROPPED,
    refusal: refused.refusal,
    escape: refused.escape,
    doubt: undefined,
    generation,
    edge: refused.edge,
  };
}

/** For a request that a gateway's rule answers by itself. */
export function answer(evidence: Evidence, edge: EdgeOutcome, generation: string): Decision {
  return {
    evidence,
    servicePort: undefined,
    subset: undefined,
    fallback: undefined,
    endpoint: undefined,
    chosen: undefined,
    target: undefined,
    dropped: NONE_DROPPED,
    refusal: undefined,
    escape: undefined,
    doubt: undefined,
    generation,
    edge,
  };
}

export interface Routed {
  readonly evidence: Evidence;
  readonly servicePort: ServicePort;
  readonly escape: EscapeKind | undefined;
  /** The endpoint that the client chose by itself; it is kept when the lane may have it and it is usable. */
  readonly chosen: Endpoint | undefined;
  readonly edge?: EdgeOutcome | undefined;
}

/** Sends the request to an endpoint that its lane may have at the service, or refuses it when there is none. */
export function routeToSubset(
  routed: Routed,
  tried: ReadonlySet<string> | undefined,
  context: DecisionContext,
): Decision {
  const { evidence, servicePort, chosen } = routed;
  const { snapshot, picker } = context;
  const { laneNames } = snapshot;
  const query = { tried, preferred: chosen };
  const only = routed.edge?.choice?.backend?.subset;
  if (only !== undefined) return toSelection(routed, selectOnly(only, servicePort, picker, query), context);
  return toSelection(routed, selectSubset(evidence.lane, servicePort, { laneNames, picker }, query), context);
}

/** Turns what was selected into the decision. */
export function toSelection(routed: Routed, selection: Selection, context: DecisionContext): Decision {
  const { evidence, servicePort, escape, chosen, edge } = routed;
  const { laneNames, generation } = context.snapshot;
  const { subset, endpoint, fallback, dropped } = selection;
  if (endpoint === undefined) {
    const only = edge?.choice?.backend?.subset;
    const refusal =
      only === undefined
        ? noEndpoint(evidence.lane, servicePort, laneNames, dropped)
        : emptySubset(portName(servicePort), laneName(only));
    const kind = escape === undefined ? undefined : 'refused';
    return refuse({ evidence, servicePort, refusal, dropped, escape: kind, chosen, edge }, generation);
  }
  return {
    evidence,
    servicePort,
    subset,
    fallback,
    endpoint,
    chosen,
    target: { address: endpoint.address, port: endpoint.port },
    dropped,
    refusal: undefined,
    escape,
    doubt: undefined,
    generation,
    edge,
  };
}

/** The refusal that the evidence itself calls for; undefined: it tells the lane well enough. */
export function refuseEvidence(
  evidence: Evidence,
  servicePort: ServicePort,
  generation: string,
): Decision | undefined {
  // With a lane of its own the workload has answered the question; only the baseline would be a guess.
  const isGuess = evidence.ambiguous && evidence.lane === BASELINE;
  if (!isGuess || servicePort.service.policy.mode === 'permissive') return undefined;
  return refuse({ evidence, servicePort, refusal: laneAmbiguous(portName(servicePort)) }, generation);
}

/** For a request with two tags: no lane is taken from either. */
export function refuseConflict(
  { conflict }: TagConflict,
  servicePort: ServicePort | undefined,
  generation: string,
): Decision {
  const evidence = conflictEvidence(conflict);
  return refuse({ evidence, servicePort, refusal: ambiguousTag(conflict) }, generation);
}

export function conflictEvidence(conflict: string): Evidence {
  return { lane: BASELINE, rung: 'none', detail: conflict, ambiguous: false };
}

export function isConflict(found: Evidence | TagConflict): found is TagConflict {
  return 'conflict' in found;
}
