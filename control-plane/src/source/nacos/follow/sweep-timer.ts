import type { FollowTimings } from './timings.ts';

/** `names`: which services there are; `all`: their instances too, of those that nobody follows. */
export type SweepKind = 'names' | 'all';
export type SweepWhy = 'regular' | 'demand';

export interface SweepTimerOptions {
  /** Never rejects; false: it could not be done now. */
  readonly run: (kind: SweepKind, why: SweepWhy) => Promise<boolean>;
  readonly timings: Pick<FollowTimings, 'namesEvery' | 'fullEvery' | 'demandGap'>;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
}

/** Of all the time sweeps may take one part in so many. */
const SHARE = 20;

/** Sweeps slowly all the time, and sooner where somebody asks for it; one at a time. */
export class SweepTimer {
  readonly #options: SweepTimerOptions;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isClosed = false;
  #demanded: SweepKind | undefined;
  #looks = 0;
  #beganMs: number | undefined;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #lastTookMs = 0;

  constructor(options: SweepTimerOptions) {
    this.#options = options;
  }

  /** Everything has just been read. */
  start(): void {
    this.#beganMs = this.#options.now();
    this.#schedule();
  }

  /** Soon, though not too often. */
  demand(kind: SweepKind): void {
    // What is asked for before that is found by the first reading.
    if (this.#beganMs === undefined || this.#demanded === 'all' || this.#demanded === kind) return;
    this.#demanded = kind;
    if (!this.#isRunning) this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const { timings, now } = this.#options;
    const gapMs = Math.max(timings.demandGap, SHARE * this.#lastTookMs);
    const regularMs = Math.max(this.#beganMs ?? 0, this.#lastStartMs) + Math.max(timings.namesEvery, gapMs);
    const dueMs = this.#demanded === undefined ? regularMs : this.#lastStartMs + gapMs;
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, dueMs - now()));
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    const { run, timings, now } = this.#options;
    const demanded = this.#demanded;
    this.#demanded = undefined;
    this.#looks += 1;
    const isFull = this.#looks % timings.fullEvery === 0;
    this.#isRunning = true;
    this.#lastStartMs = now();
    const isDone = await run(
      isFull ? 'all' : (demanded ?? 'names'),
      demanded === undefined ? 'regular' : 'demand',
    );
    this.#lastTookMs = now() - this.#lastStartMs;
    this.#isRunning = false;
    if (!isDone && (demanded === 'all' || isFull)) this.#demanded = 'all';
    this.#schedule();
  }
}
