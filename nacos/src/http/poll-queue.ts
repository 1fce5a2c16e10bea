export interface PollQueueOptions<T> {
  /** Must not reject. */
  readonly poll: (item: T) => Promise<void>;
  /** How many polls are under way at most. */
  readonly concurrency: number;
  /** Between two polls of one item, from start to start, while the items are few. */
  readonly intervalMs: number;
  /** Polls a second at most, of all items together: many items are polled less often each. */
  readonly maxPerSecond: number;
}

/** Polls each of its items again and again, evenly, at a bounded rate. */
export class PollQueue<T> {
  readonly #options: PollQueueOptions<T>;
  readonly #items = new Set<T>();
  /** When each item's turn is (milliseconds of `performance.now`), the next one first. */
  #waiting = new Map<T, number>();
  #running = 0;
  #isPaused = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PollQueueOptions<T>) {
    this.#options = options;
  }

  /** Its turn is at once. */
  add(item: T): void {
    this.#items.add(item);
    this.#waiting = new Map([[item, 0], ...this.#waiting]);
    this.#pump();
  }

  remove(item: T): void {
    this.#items.delete(item);
    this.#waiting.delete(item);
  }

  pause(): void {
    this.#isPaused = true;
    clearTimeout(this.#timer);
  }

  /** With everybody's turn at once: who knows what has changed meanwhile. */
  resume(): void {
    this.#isPaused = false;
    for (const item of this.#waiting.keys()) this.#waiting.set(item, 0);
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (!this.#isPaused && this.#running < this.#options.concurrency) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [item, dueAt] = next;
      const waitMs = dueAt - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      this.#waiting.delete(item);
      void this.#poll(item);
    }
  }

  async #poll(item: T): Promise<void> {
    const { poll, intervalMs, maxPerSecond } = this.#options;
    const pause = Math.max(intervalMs, (this.#items.size / maxPerSecond) * 1000);
    const dueAt = performance.now() + pause;
    this.#running += 1;
    await poll(item);
    this.#running -= 1;
    if (this.#items.has(item)) this.#waiting.set(item, dueAt);
    this.#pump();
  }
}
