import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { FallbackReason } from '@lanekeeper/protocol/reasons';
import type { Service } from './snapshot.ts';

/** Where a request of a lane goes when the lane itself cannot serve it. */
export interface LaneChain {
  /** Lanes in order of preference, without the request's own. */
  readonly lanes: readonly string[];
  /** Set where the chain follows from something else than missing endpoints. */
  readonly reason: FallbackReason | undefined;
}

const BASELINE_ONLY: readonly string[] = [BASELINE];
const OF_BASELINE: LaneChain = { lanes: [], reason: undefined };
const OF_UNKNOWN_LANE: LaneChain = { lanes: BASELINE_ONLY, reason: 'unknown-lane' };
const OF_SERVICE_NOT_IN_LANES: LaneChain = { lanes: BASELINE_ONLY, reason: 'service-not-in-lane' };
const BY_DEFAULT: LaneChain = { lanes: BASELINE_ONLY, reason: undefined };

/**
 * The fallback chain of `lane` at `service`. A chain that is declared for just this service always holds; otherwise a service
 * without an endpoint in any lane takes no part in lanes and is served by its baseline, whatever the lane's general chain says.
 */
export function chainOf(lane: string, service: Service, laneNames: ReadonlySet<string>): LaneChain {
  if (lane === BASELINE) return OF_BASELINE;
  if (!laneNames.has(lane)) return OF_UNKNOWN_LANE;
  const chains = service.policy.lanes.get(lane);
  const own = chains?.serviceFallback.get(service.id);
  if (own !== undefined) return { lanes: own, reason: undefined };
  if (!service.isInLanes) return OF_SERVICE_NOT_IN_LANES;
  return chains === undefined ? BY_DEFAULT : { lanes: chains.fallback, reason: undefined };
}
