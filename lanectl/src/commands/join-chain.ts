import type { SeenHop } from './hop-rows.ts';

/** Of equal times: who sends comes before who receives. */
const ORDER = { gateway: 0, outbound: 1, inbound: 2 } as const;

/**
 * The hops of one request in the order of its way: a caller's side before the callee's. Clocks of nodes differ by milliseconds, so
 * what was sent to a pod comes before what that pod received, whatever the clocks say.
 */
export function joinChain(hops: readonly SeenHop[]): readonly SeenHop[] {
  const left = hops.toSorted((a, b) => compareHops(a, b));
  const chain: SeenHop[] = [];
  while (left.length > 0) {
    const next = left.find((hop) => !isAwaited(hop, left)) ?? left[0];
    if (next === undefined) break;
    left.splice(left.indexOf(next), 1);
    chain.push(next);
  }
  return chain;
}

function compareHops(a: SeenHop, b: SeenHop): number {
  return startOf(a) - startOf(b) || ORDER[a.hop.direction] - ORDER[b.hop.direction];
}

/** A record is written when its request has ended. */
function startOf({ hop }: SeenHop): number {
  return Date.parse(hop.time) - hop.durationMs;
}

/** Somebody who is still to come has sent it there. */
function isAwaited({ hop, pod }: SeenHop, left: readonly SeenHop[]): boolean {
  if (hop.direction !== 'inbound') return false;
  return left.some(
    (other) =>
      other.hop.direction !== 'inbound' &&
      other.hop.endpoint?.pod === pod.name &&
      isAround(other, hop.durationMs, startOf({ hop, pod })),
  );
}

/** A caller's exchange lasts longer than the callee's, and begins before it but for the clocks. */
function isAround({ hop, pod }: SeenHop, durationMs: number, start: number): boolean {
  const skewMs = 1_000;
  return hop.durationMs >= durationMs && Math.abs(startOf({ hop, pod }) - start) < skewMs + hop.durationMs;
}
