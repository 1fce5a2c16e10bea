import type { EdgeMatch, EdgeRule } from '@lanekeeper/protocol/edge';

/** A rule, and what decides when several of one host match. */
export interface RankedRule {
  readonly rule: EdgeRule;
  /** Compared one after the other, the larger one first. */
  readonly weights: readonly number[];
  /** When its object was made, as RFC 3339: the oldest first. */
  readonly createdAt: string;
  /** `namespace/name` of its object: in the order of the alphabet. */
  readonly origin: string;
}

/** In the order in which they are to be asked. Rules of one object that are equal stay as they stand there. */
export function sortRules(rules: readonly RankedRule[]): readonly EdgeRule[] {
  return rules.toSorted(compareRules).map(({ rule }) => rule);
}

function compareRules(a: RankedRule, b: RankedRule): number {
  return (
    compareWeights(a.weights, b.weights) ||
    compareTexts(a.createdAt, b.createdAt) ||
    compareTexts(a.origin, b.origin)
  );
}

function compareWeights(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (b[index] ?? 0) - (a[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * As the Gateway API wants it: an exact path, the longest prefix, a method, the most headers, the most query parameters. Where it
 * leaves the place of regular expressions open, they come between, the longest first.
 */
export function weightsOf({ path, method, headers = {}, query = {} }: EdgeMatch): readonly number[] {
  return [
    ...weightsOfPath(path),
    method === undefined ? 0 : 1,
    Object.keys(headers).length,
    Object.keys(query).length,
  ];
}

function weightsOfPath(path: EdgeMatch['path']): readonly number[] {
  if (path === undefined) return [0, 0];
  if ('exact' in path) return [2, path.exact.length];
  return 'regex' in path ? [1, path.regex.length] : [0, path.prefix.length];
}
