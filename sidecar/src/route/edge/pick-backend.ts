import type { Backend } from './edge-table.ts';

/** Draws by weight; undefined: none has any. */
export function pickBackend(backends: readonly Backend[], random: () => number): Backend | undefined {
  let total = 0;
  for (const { weight } of backends) total += weight;
  if (!(total > 0)) return undefined;
  let drawn = backends.length === 1 ? 0 : random() * total;
  for (const backend of backends) {
    if (drawn < backend.weight) return backend;
    drawn -= backend.weight;
  }
  // The sum may be a little more than what is left of it after as many subtractions.
  return backends.findLast(({ weight }) => weight > 0);
}
