import { setTimeout as delay } from 'node:timers/promises';
import { interruptionSignal } from './command.ts';

/**
 * Asks until the answer is truthy; fails after `withinMs` and says what was waited for and what was last in its way.
 * `isHopeless` ends it at once with its reason.
 */
export async function until(
  what: string,
  ask: () => Promise<boolean>,
  { withinMs = 60_000, isHopeless }: { withinMs?: number; isHopeless?: () => string | undefined } = {},
): Promise<void> {
  const deadline = Date.now() + withinMs;
  let last = '';
  for (;;) {
    interruptionSignal().throwIfAborted();
    try {
      if (await ask()) return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    const reason = isHopeless?.();
    if (reason !== undefined) throw new Error(`${what}: ${reason}`);
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1000} s. ${last}`.trimEnd());
    await delay(100);
  }
}
