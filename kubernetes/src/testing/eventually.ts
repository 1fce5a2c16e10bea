import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once `condition` holds; looks every few milliseconds, and fails with `what` after 10 s. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const until = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > until) throw new Error(`waited in vain until ${what}`);
    await sleep(2);
  }
}
