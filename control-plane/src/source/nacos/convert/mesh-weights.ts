/** What 1.0 of Nacos is in the mesh. */
const SHARE = 100;
const MAX_SHARE = 10_000;
/** Nacos allows no more either. */
const MAX_WEIGHT = 10_000;

/** Undefined: it is no weight. */
export type MeshWeight = (weight: number) => number | undefined;

/**
 * Shares of 0 to 10,000 for the weights of one service. 1.0 is 100 unless one of them is above 100, which would leave the scale: all of
 * them shrink then, so that twice the weight still gets twice the requests. Who weighs something gets something.
 */
export function meshWeights(weights: Iterable<number>): MeshWeight {
  let heaviest = 0;
  for (const weight of weights) if (weight > heaviest) heaviest = Math.min(weight, MAX_WEIGHT);
  const scale = Math.min(SHARE, MAX_SHARE / Math.max(heaviest, 1));
  return (weight) => {
    if (!(weight >= 0)) return undefined;
    return weight === 0 ? 0 : Math.max(1, Math.round(Math.min(weight, MAX_WEIGHT) * scale));
  };
}
