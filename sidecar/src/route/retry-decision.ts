import { HOP } from '@lanekeeper/protocol/headers';
import type { Direction } from '@lanekeeper/protocol/hop';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Decision } from './decision.ts';
import type { DecisionContext } from './decision-context.ts';
import { routeToSubset } from './make-decision.ts';
import type { ServicePort } from './snapshot.ts';

export interface RetryQuery {
  readonly direction: Direction;
  /** Keys of the endpoints on which this request has failed. */
  readonly tried: ReadonlySet<string>;
  /** What the request came with: whether other sidecars sent it on already ({@link HOP}). */
  readonly hop?: string | undefined;
}

/**
 * Where a request goes after its endpoint failed: the same lane by the same evidence, without the endpoints that were tried,
 * along the same chain. A request that its own application did not take (it ends, and callers have not heard yet) goes on to
 * another endpoint of its lane; if that one ends too, the lane is going as a whole and the next of the chain is asked, and then
 * nobody. A gateway's rule and backend stay what they were. Undefined: nothing else may serve it, so the first error stands. By the
 * newest snapshot, whole.
 */
export function retryDecision(
  previous: Decision,
  query: RetryQuery,
  context: DecisionContext,
): Decision | undefined {
  const { servicePort, escape, evidence, chosen, edge } = previous;
  if (servicePort === undefined || previous.refusal !== undefined) return undefined;
  const isOwn = query.direction === 'inbound' && escape !== 'corrected';
  if (isOwn && query.hop === HOP.relayed) return undefined;
  const known = context.snapshot.services.get(servicePort.service.id)?.ports.get(servicePort.port);
  if (known === undefined) return undefined;
  const next = routeToSubset(
    { evidence, servicePort: known, escape: isOwn ? 'relayed' : escape, chosen, edge },
    isOwn && query.hop === HOP.corrected ? withLane(previous.subset, known, query.tried) : query.tried,
    context,
  );
  return next.refusal === undefined ? next : undefined;
}

/** `tried` and all endpoints of the lane; the baseline has no other to go to. */
function withLane(
  lane: string | undefined,
  { subsets }: ServicePort,
  tried: ReadonlySet<string>,
): ReadonlySet<string> {
  if (lane === undefined || lane === BASELINE) return tried;
  return new Set([...tried, ...(subsets.get(lane)?.endpoints ?? []).map(({ key }) => key)]);
}
