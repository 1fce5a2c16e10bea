export interface WriteQueueOptions {
  /** So many run at a time. */
  readonly concurrency: number;
  /** Between the beginnings of two. */
  readonly gapMs: number;
  /** Never rejects; resolves to how long the same key is to be left alone. */
  readonly run: (key: string) => Promise<number>;
}

/** Keys that something is to be done about, each once however often it is added, in the order of coming. */
export interface WriteQueue {
  /** While it runs: it will run once more. */
  add(key: string): void;
  remove(key: string): void;
  /** What runs goes on. */
  clear(): void;
}

export function createWriteQueue(options: WriteQueueOptions): WriteQueue {
  return new KeyQueue(options);
}

class KeyQueue implements WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  /** Keys that are left alone for now; true: it was added meanwhile. */
  readonly #resting = new Map<string, boolean>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #nextAt = 0;
  #pump: NodeJS.Timeout | undefined;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  add(key: string): void {
    if (this.#resting.has(key)) this.#resting.set(key, true);
    else this.#waiting.add(key);
    this.#advance();
  }

  remove(key: string): void {
    this.#waiting.delete(key);
    if (this.#resting.has(key)) this.#resting.set(key, false);
  }

  clear(): void {
    this.#waiting.clear();
    this.#resting.clear();
    clearTimeout(this.#pump);
    this.#pump = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #advance(): void {
    if (this.#pump !== undefined) return;
    const key = this.#next();
    if (key === undefined) return;
    this.#pump = setTimeout(
      () => {
        this.#pump = undefined;
        this.#begin(key);
        this.#advance();
      },
      Math.max(0, this.#nextAt - performance.now()),
    );
    this.#pump.unref();
  }

  #next(): string | undefined {
    if (this.#running.size >= this.#options.concurrency) return undefined;
    for (const key of this.#waiting) if (!this.#running.has(key)) return key;
    return undefined;
  }

  #begin(key: string): void {
    if (!this.#waiting.delete(key)) return;
    this.#nextAt = performance.now() + this.#options.gapMs;
    this.#running.add(key);
    void this.#finish(key);
  }

  async #finish(key: string): Promise<void> {
    const restMs = await this.#options.run(key);
    this.#running.delete(key);
    this.#rest(key, restMs);
    this.#advance();
  }

  #rest(key: string, restMs: number): void {
    const isWaiting = this.#waiting.delete(key);
    this.#resting.set(key, isWaiting);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const isAdded = this.#resting.get(key) === true;
      this.#resting.delete(key);
      if (isAdded) this.add(key);
    }, restMs);
    timer.unref();
    this.#timers.add(timer);
  }
}
