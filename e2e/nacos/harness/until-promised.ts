import { eventually } from '../../harness/eventually.ts';

/** Far more than any promise: what takes longer does not happen. */
const LIMIT_MS = 30_000;

/** Waits until `ask` says so; the milliseconds since `since` (performance.now(); default: now). */
export async function untilPromised(
  what: string,
  ask: () => Promise<boolean>,
  since = performance.now(),
  withinMs = LIMIT_MS,
): Promise<number> {
  await eventually(what, ask, withinMs);
  return Math.round(performance.now() - since);
}

/** Prints what was measured where people look for it. */
export function tellMeasured(what: string, ms: number): void {
  process.stdout.write(`  measured: ${what}: ${ms} ms\n`);
}
