import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { Endpoint, Subset } from '../route/snapshot.ts';
import type { OutlierDetector } from './outlier.ts';

/**
 * The endpoints of a subset that are ejected now, oldest ejection first. A lane may lose all of its endpoints, because its
 * requests fall back; of the baseline, which has nothing behind it, at most half of the usable ones are left out at once.
 */
export function ejectedOf(subset: Subset, outliers: OutlierDetector): ReadonlySet<Endpoint> {
  const ejected = subset.usable
    .map((endpoint) => ({ endpoint, since: outliers.ejectedSince(endpoint.key) }))
    .filter((entry) => entry.since !== undefined)
    .sort((a, b) => (a.since ?? 0) - (b.since ?? 0))
    .map((entry) => entry.endpoint);
  const most = subset.lane === BASELINE ? Math.floor(subset.usable.length / 2) : ejected.length;
  return new Set(ejected.slice(0, most));
}

/**
 * The candidates of the caller's own zone, while at least half of the endpoints that the subset has there are candidates;
 * else all of them: a zone that is going down must not take the whole load of its callers.
 */
export function preferZone(
  subset: Subset,
  candidates: readonly Endpoint[],
  zone: string | undefined,
): readonly Endpoint[] {
  if (zone === undefined) return candidates;
  const near = candidates.filter((endpoint) => endpoint.zone === zone);
  const inZone = subset.endpoints.filter((endpoint) => endpoint.zone === zone).length;
  return near.length > 0 && near.length * 2 >= inZone ? near : candidates;
}
