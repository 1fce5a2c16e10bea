import { complain, type Cursor } from '../decoder.ts';

/** How much one object may hold: far beyond what people write, and a bound for the API server's checks, which are paid by the size. */
export const LIMITS = {
  members: 512,
  lanesOfChain: 16,
  serviceFallbacks: 512,
  rules: 128,
  entries: 128,
  /** Values of one condition, networks of one list, labels of one selector. */
  conditionItems: 64,
  listedValues: 1024,
  networks: 256,
  labels: 16,
} as const;

/** Complains where more stands than an object may hold; the API server refuses it by its schema as well. */
export function refuseMore(cursor: Cursor | undefined, max: number): void {
  if (cursor === undefined) return;
  const node = cursor.tree.read(cursor.node);
  const count = node.kind === 'list' ? node.items.length : node.kind === 'map' ? node.entries.length : 0;
  if (count > max) complain(cursor, `expected at most ${max}, found ${count}; split it into several objects`);
}
