import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { placeOf } from '../convert/place-of.ts';

/** What is known now, and of what was known before whoever is not in it. */
export function withFormer(
  now: readonly EndpointConfig[],
  before: readonly EndpointConfig[],
): readonly EndpointConfig[] {
  const there = new Set(now.map(placeOf));
  const others = before.filter((endpoint) => !there.has(placeOf(endpoint)));
  return others.length === 0 ? now : [...now, ...others];
}
