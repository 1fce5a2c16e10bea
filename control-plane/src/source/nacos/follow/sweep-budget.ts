/** Of all the time sweeps may take one part in so many … */
const SHARE = 20;
/** … counted over so many milliseconds: what was not used in them may be used at once, so that few sweeps never wait. */
const SAVED_MS = 60_000;

/** How much of a server's time, and of ours, sweeps of one kind take. Times are those of a clock that does not jump. */
export class SweepBudget {
  /** When all that was spent will have been earned. */
  #earnedMs = Number.NEGATIVE_INFINITY;

  spend(startedMs: number, tookMs: number): void {
    this.#earnedMs = Math.max(this.#earnedMs, startedMs) + this.restOf(tookMs);
  }

  /** When the next sweep may begin. */
  allowedMs(): number {
    return this.#earnedMs - SAVED_MS;
  }

  /** From the start of what took so long to the time that it has its share. */
  restOf(tookMs: number): number {
    return SHARE * tookMs;
  }
}
