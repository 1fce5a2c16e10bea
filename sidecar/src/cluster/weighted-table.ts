import type { Endpoint } from '../route/snapshot.ts';

/** Draws an endpoint with a probability that follows its weight, in O(1). */
export interface WeightedTable {
  readonly endpoints: readonly Endpoint[];
  /** Index into `endpoints`. */
  draw(random: () => number): number;
}

/** An alias table (Vose 1991); equal weights need none. `endpoints` must not be empty, every weight above 0. */
export function createWeightedTable(endpoints: readonly Endpoint[]): WeightedTable {
  const count = endpoints.length;
  const first = endpoints[0]?.weight;
  if (endpoints.every((endpoint) => endpoint.weight === first)) {
    return { endpoints, draw: (random) => Math.floor(random() * count) };
  }
  const { share, alias } = aliasColumns(endpoints);
  return {
    endpoints,
    draw(random) {
      const at = random() * count;
      const column = Math.floor(at);
      return at - column < (share[column] ?? 1) ? column : (alias[column] ?? column);
    },
  };
}

function aliasColumns(endpoints: readonly Endpoint[]): { share: Float64Array; alias: Uint32Array } {
  const count = endpoints.length;
  const total = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
  const share = Float64Array.from(endpoints, (endpoint) => (endpoint.weight * count) / total);
  const alias = Uint32Array.from(endpoints, (_, index) => index);
  const small: number[] = [];
  const large: number[] = [];
  share.forEach((value, index) => (value < 1 ? small : large).push(index));
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop() ?? 0;
    const rich = large.at(-1) ?? 0;
    alias[poor] = rich;
    const left = (share[rich] ?? 0) - (1 - (share[poor] ?? 0));
    share[rich] = left;
    if (left < 1) small.push(large.pop() ?? 0);
  }
  // What is left over differs from 1 by rounding alone.
  for (const index of [...small, ...large]) share[index] = 1;
  return { share, alias };
}

/** Slots of one round at most; finer differences of weight are rounded. */
const MAX_SLOTS = 4_096;

/**
 * One round of a smooth weighted round-robin: each endpoint as often as its weight says, its turns spread evenly over the
 * round (its k-th turn is due at (k + 1/2) / weight).
 */
export function smoothRound(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const divisor = endpoints.reduce((gcd, endpoint) => greatestCommonDivisor(gcd, endpoint.weight), 0);
  const total = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0) / divisor;
  const scale = Math.min(1, MAX_SLOTS / total) / divisor;
  const turns = endpoints.flatMap((endpoint) => {
    const slots = Math.max(1, Math.round(endpoint.weight * scale));
    return Array.from({ length: slots }, (_, turn) => ({ endpoint, due: (turn + 0.5) / slots }));
  });
  // Sorting is stable: turns due together keep the order of the endpoints.
  return turns.sort((a, b) => a.due - b.due).map((turn) => turn.endpoint);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
