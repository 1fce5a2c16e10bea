import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the answer is truthy and returns it; fails after `withinMs` and says what was waited for and what was seen last. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  withinMs = 15_000,
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as Exclude<NonNullable<T>, false>;
    if (Date.now() > deadline) throw new Error(`did not happen within ${withinMs} ms: ${what}`);
    await delay(10);
  }
}
