import type { Direction } from '@lanekeeper/protocol/hop';
import type { Decision } from './decision.ts';
import type { DecisionContext } from './decision-context.ts';
import { routeToSubset } from './make-decision.ts';

export interface RetryQuery {
  readonly direction: Direction;
  /** Keys of the endpoints on which this request has failed. */
  readonly tried: ReadonlySet<string>;
  /** Another sidecar sent the request on already; it is not sent on twice. */
  readonly wasSentOn?: boolean;
}

/**
 * Where a request goes after its endpoint failed: the same lane by the same evidence, without the endpoints that were tried,
 * along the same chain. A request that its own application did not take (it ends, and callers have not heard yet) goes on to
 * another endpoint once. Undefined: nothing else may serve it, so the first error stands. By the newest snapshot, whole.
 */
export function retryDecision(
  previous: Decision,
  query: RetryQuery,
  context: DecisionContext,
): Decision | undefined {
  const { servicePort, escape, evidence, chosen } = previous;
  if (servicePort === undefined || previous.refusal !== undefined) return undefined;
  const isOwn = query.direction === 'inbound' && escape !== 'corrected';
  if (isOwn && query.wasSentOn === true) return undefined;
  const known = context.snapshot.services.get(servicePort.service.id)?.ports.get(servicePort.port);
  if (known === undefined) return undefined;
  const next = routeToSubset(
    { evidence, servicePort: known, escape: isOwn ? 'relayed' : escape, chosen },
    query.tried,
    context,
  );
  return next.refusal === undefined ? next : undefined;
}
