import { vi } from 'vitest';

/** Each look costs a process; a promise is about order, not about tenths of a second. */
const INTERVAL_MS = 300;

/** Repeats `look` until it stops throwing and answers what it answered; fails with its last error. */
export function eventually<T>(look: () => Promise<T>, seconds = 60): Promise<T> {
  return vi.waitFor(look, { timeout: seconds * 1000, interval: INTERVAL_MS });
}
