import { setImmediate as nextTurn } from 'node:timers/promises';

/** Waits until `condition` gives something truthy and returns it; fails after `withinMs` and says what was waited for. */
export async function eventually<T>(
  what: string,
  condition: () => T | false | undefined | null,
  withinMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`did not happen within ${withinMs} ms: ${what}`);
    await nextTurn();
  }
}
