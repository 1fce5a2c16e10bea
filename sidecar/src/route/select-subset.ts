import type { FallbackReason } from '@lanekeeper/protocol/reasons';
import type { PickQuery, Picker } from '../cluster/picker.ts';
import type { Fallback } from './decision.ts';
import { chainOf } from './lane-chain.ts';
import type { Dropped, Endpoint, ServicePort } from './snapshot.ts';

/** What a lane gets at one port of a service. */
export interface Selection {
  /** Undefined, with `endpoint`: nothing that may serve the lane is usable now. */
  readonly subset: string | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly fallback: Fallback | undefined;
  /** Endpoints that would have been candidates in the subsets that were looked at. */
  readonly dropped: readonly Dropped[];
}

export interface SelectContext {
  readonly laneNames: ReadonlySet<string>;
  readonly picker: Picker;
}

export const NONE_DROPPED: readonly Dropped[] = [];

/**
 * Finds the endpoint for a request of `lane`: the lane's own, else the first of its fallback chain that has one. Never another
 * lane, and for a request of the baseline never an endpoint that carries a lane.
 */
export function selectSubset(
  lane: string,
  servicePort: ServicePort,
  context: SelectContext,
  query: PickQuery,
): Selection {
  const own = servicePort.subsets.get(lane);
  let dropped = own === undefined ? NONE_DROPPED : context.picker.dropped(own, query);
  if (own !== undefined) {
    const endpoint = context.picker.pick(own, query);
    if (endpoint !== undefined) return { subset: lane, endpoint, fallback: undefined, dropped };
  }
  const chain = chainOf(lane, servicePort.service, context.laneNames);
  for (const to of chain.lanes) {
    const subset = to === lane ? undefined : servicePort.subsets.get(to);
    if (subset === undefined) continue;
    dropped = concat(dropped, context.picker.dropped(subset, query));
    const endpoint = context.picker.pick(subset, query);
    if (endpoint !== undefined) {
      const reason = chain.reason ?? reasonToLeave(lane, servicePort);
      return { subset: to, endpoint, fallback: { from: lane, to, reason }, dropped };
    }
  }
  return { subset: undefined, endpoint: undefined, fallback: undefined, dropped };
}

/** The same where a route allows one lane's endpoints alone. */
export function selectOnly(
  lane: string,
  servicePort: ServicePort,
  picker: Picker,
  query: PickQuery,
): Selection {
  const subset = servicePort.subsets.get(lane);
  const endpoint = subset === undefined ? undefined : picker.pick(subset, query);
  const dropped = subset === undefined ? NONE_DROPPED : picker.dropped(subset, query);
  return { subset: endpoint === undefined ? undefined : lane, endpoint, fallback: undefined, dropped };
}

/** Why a request of a known lane is not served in it by this service. */
export function reasonToLeave(lane: string, servicePort: ServicePort): FallbackReason {
  return servicePort.subsets.has(lane) ? 'no-healthy-endpoint' : 'no-endpoint-in-lane';
}

function concat(before: readonly Dropped[], more: readonly Dropped[]): readonly Dropped[] {
  if (more.length === 0) return before;
  return before.length === 0 ? more : [...before, ...more];
}
