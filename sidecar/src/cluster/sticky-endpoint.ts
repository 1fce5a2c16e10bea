import type { Endpoint } from '../route/snapshot.ts';

/**
 * The endpoint that a caller keeps to: the highest of weighted random scores that follow from caller and endpoint alone
 * (rendezvous hashing, Thaler and Ravishankar 1998). When it becomes unusable only its own callers move, each to its next highest.
 */
export function stickyEndpoint(endpoints: readonly Endpoint[], caller: string): Endpoint | undefined {
  let best: Endpoint | undefined;
  let bestScore = -Infinity;
  for (const endpoint of endpoints) {
    // By weight: -weight / ln(u), u uniform in (0, 1).
    const score = -endpoint.weight / Math.log(uniformOf(`${caller}>${endpoint.key}`));
    if (score <= bestScore) continue;
    best = endpoint;
    bestScore = score;
  }
  return best;
}

/** FNV-1a with the finalizer of MurmurHash3, for addresses of one subnet differ in their last characters only. */
function uniformOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return ((hash >>> 0) + 0.5) / 2 ** 32;
}
