/** Something that waits for an answer. */
export interface Expectant {
  expired(): void;
}

/** Times the wait for response heads with one timer for all requests: Map keeps the order of insertion, so the oldest come first. */
export class ResponseClock {
  readonly #timeoutMs: number;
  readonly #waiting = new Map<Expectant, number>();
  #sweep: NodeJS.Timeout | undefined;

  /** `timeoutMs` 0: no limit. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  start(waiter: Expectant): void {
    if (this.#timeoutMs === 0) return;
    this.#waiting.delete(waiter);
    this.#waiting.set(waiter, performance.now() + this.#timeoutMs);
    this.#sweep ??= setInterval(
      () => this.#expire(),
      Math.max(5, Math.min(500, this.#timeoutMs / 10)),
    ).unref();
  }

  stop(waiter: Expectant): void {
    this.#waiting.delete(waiter);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #expire(): void {
    const now = performance.now();
    for (const [waiter, deadline] of this.#waiting) {
      if (deadline > now) return;
      this.#waiting.delete(waiter);
      waiter.expired();
    }
  }
}
