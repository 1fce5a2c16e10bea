import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';
import { tagOfMse } from './mse-tags.ts';

/** Of which lane an instance is by its metadata. */
export type LaneStanding =
  | { readonly kind: 'baseline' }
  | { readonly kind: 'lane'; readonly lane: string }
  | { readonly kind: 'misnamed'; readonly key: string; readonly value: string };

type Metadata = Readonly<Record<string, string>>;

const OF_BASELINE: LaneStanding = { kind: 'baseline' };

/**
 * The first of `keys` that says something counts, `base` included; without one it is of the baseline as far as Nacos knows. A key that
 * ends with `*` is any that begins so (`opensergo.io/canary-gray: gray`, as newer agents of MSE write it).
 */
export function standingOf(metadata: Metadata, keys: readonly string[]): LaneStanding {
  for (const wanted of keys) {
    for (const key of keysLike(metadata, wanted)) {
      const value = String(metadata[key]);
      const lane = value.startsWith('[') ? tagOfMse(value) : value;
      if (lane === '') continue;
      if (lane === BASELINE) return OF_BASELINE;
      if (lane === undefined || !isLaneName(lane)) return { kind: 'misnamed', key, value };
      return { kind: 'lane', lane };
    }
  }
  return OF_BASELINE;
}

/** The value of the first key that has one; a value that a template left empty counts as none. */
export function firstValue(metadata: Metadata, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

function keysLike(metadata: Metadata, wanted: string): readonly string[] {
  if (!wanted.endsWith('*')) return Object.hasOwn(metadata, wanted) ? [wanted] : [];
  const prefix = wanted.slice(0, -1);
  return Object.keys(metadata)
    .filter((key) => key.startsWith(prefix))
    .sort();
}
