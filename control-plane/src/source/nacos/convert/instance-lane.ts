import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';

/** Of which lane an instance is by its metadata. */
export type LaneStanding =
  | { readonly kind: 'baseline' }
  | { readonly kind: 'lane'; readonly lane: string }
  | { readonly kind: 'misnamed'; readonly key: string; readonly value: string };

const OF_BASELINE: LaneStanding = { kind: 'baseline' };

/** The first of `keys` that has a value counts, `base` included; without one it is of the baseline as far as Nacos knows. */
export function standingOf(
  metadata: Readonly<Record<string, string>>,
  keys: readonly string[],
): LaneStanding {
  const key = firstKey(metadata, keys);
  if (key === undefined) return OF_BASELINE;
  const value = String(metadata[key]);
  if (value === BASELINE) return OF_BASELINE;
  return isLaneName(value) ? { kind: 'lane', lane: value } : { kind: 'misnamed', key, value };
}

/** A value that a template left empty counts as none. */
export function firstKey(
  metadata: Readonly<Record<string, string>>,
  keys: readonly string[],
): string | undefined {
  return keys.find((key) => Object.hasOwn(metadata, key) && metadata[key] !== '');
}
