import type { LaneObject } from '@lanekeeper/mesh-file/objects/object-types';

const MAX_TIMER_MS = 2_147_483_647;

/** When the rules of a lane go out of force, in milliseconds since 1970; undefined: never. */
export function expiresAt({ meta, spec }: LaneObject): number | undefined {
  if (spec.ttlSeconds === undefined || meta.createdAt === undefined) return undefined;
  return meta.createdAt + spec.ttlSeconds * 1_000;
}

export function hasExpired(lane: LaneObject, nowMs: number): boolean {
  const at = expiresAt(lane);
  return at !== undefined && at <= nowMs;
}

/** How long until some lane expires that has not yet; undefined: none will. A timer takes no longer ones. */
export function untilNextExpiry(lanes: Iterable<LaneObject>, nowMs: number): number | undefined {
  let next: number | undefined;
  for (const lane of lanes) {
    const at = expiresAt(lane);
    if (at !== undefined && at > nowMs && (next === undefined || at < next)) next = at;
  }
  return next === undefined ? undefined : Math.min(next - nowMs, MAX_TIMER_MS);
}
