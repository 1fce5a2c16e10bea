import { SweepBudget } from './sweep-budget.ts';
import type { FollowTimings } from './timings.ts';

/** `names`: which services there are; `all`: their instances too. */
export type SweepKind = 'names' | 'all';
export type SweepWhy = 'regular' | 'demand';
/** `additions`: what is new has been read, and what has gone is not known; it is tried again. */
export type SweepResult = 'done' | 'additions' | 'failed';

export interface SweepAsked {
  readonly kind: SweepKind;
  readonly why: SweepWhy;
  /** Somebody waits for what it finds. */
  readonly isAwaited: boolean;
}

export interface SweepTimerOptions {
  /** Never rejects. */
  readonly run: (sweep: SweepAsked) => Promise<SweepResult>;
  readonly timings: Pick<
    FollowTimings,
    'namesEvery' | 'fullEvery' | 'demandGap' | 'againAfter' | 'turnWithin'
  >;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
}

type Waiting = (isDone: boolean) => void;

/** What is remembered of the sweeps of one kind. */
interface KindOfSweep {
  readonly budget: SweepBudget;
  startedMs: number;
  tookMs: number;
  /** Undefined: nobody asks for one. Not before this. */
  demandedMs: number | undefined;
  /** Told when one has ended that began after they asked. */
  waiting: Waiting[];
}

/** Sweeps slowly all the time, and sooner where somebody asks for it; one at a time. */
export class SweepTimer {
  readonly #options: SweepTimerOptions;
  readonly #kinds: Readonly<Record<SweepKind, KindOfSweep>> = { names: neverSwept(), all: neverSwept() };
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isClosed = false;
  #looks = 0;
  #beganMs: number | undefined;

  constructor(options: SweepTimerOptions) {
    this.#options = options;
  }

  /** Everything has just been read. */
  start(): void {
    this.#beganMs = this.#options.now();
    for (const resolve of this.#take('all')) resolve(true);
    this.#schedule();
  }

  /**
   * As soon as may be. Resolves when it is over: one that began after this call, or before the start the first reading. False: it
   * could not be done, or will not be soon.
   */
  demand(kind: SweepKind): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    const asked = this.#kinds[kind];
    const { promise, resolve } = Promise.withResolvers<boolean>();
    if (this.#beganMs === undefined) {
      asked.waiting.push(resolve);
      return promise;
    }
    asked.demandedMs = Number.NEGATIVE_INFINITY;
    const waitMs = this.#allowedMs(kind) - this.#options.now();
    if (!this.#isRunning) this.#schedule();
    if (waitMs > this.#options.timings.turnWithin) return Promise.resolve(false);
    asked.waiting.push(resolve);
    return promise;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const resolve of this.#take('all')) resolve(false);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const next = this.#next();
    this.#timer = setTimeout(() => void this.#run(next.kind), Math.max(0, next.dueMs - this.#options.now()));
    this.#timer.unref();
  }

  /** What is due first: a sweep that somebody asks for, or (undefined) the regular one. */
  #next(): { readonly kind: SweepKind | undefined; readonly dueMs: number } {
    const { names, all } = this.#kinds;
    const pauseMs = Math.max(this.#options.timings.namesEvery, names.budget.restOf(names.tookMs));
    const lastMs = Math.max(this.#beganMs ?? 0, names.startedMs, all.startedMs);
    const demanded = (['names', 'all'] as const).flatMap((kind) => {
      const { demandedMs } = this.#kinds[kind];
      return demandedMs === undefined ? [] : [{ kind, dueMs: Math.max(demandedMs, this.#allowedMs(kind)) }];
    });
    const regular = { kind: undefined, dueMs: lastMs + pauseMs };
    return [regular, ...demanded].reduce((first, other) => (other.dueMs < first.dueMs ? other : first));
  }

  #allowedMs(kind: SweepKind): number {
    const { startedMs, budget } = this.#kinds[kind];
    return Math.max(startedMs + this.#options.timings.demandGap, budget.allowedMs());
  }

  async #run(demanded: SweepKind | undefined): Promise<void> {
    const { run, timings, now } = this.#options;
    this.#looks += demanded === undefined ? 1 : 0;
    const isFull = demanded === undefined && this.#looks % timings.fullEvery === 0;
    const kind = isFull ? 'all' : (demanded ?? 'names');
    const swept = this.#kinds[kind];
    const waiting = this.#take(kind);
    this.#isRunning = true;
    swept.startedMs = now();
    const why = demanded === undefined ? 'regular' : 'demand';
    const result = await run({ kind, why, isAwaited: waiting.length > 0 });
    swept.tookMs = now() - swept.startedMs;
    swept.budget.spend(swept.startedMs, swept.tookMs);
    this.#isRunning = false;
    if (result !== 'done' && kind === 'all') swept.demandedMs ??= swept.startedMs + timings.againAfter;
    for (const resolve of waiting) resolve(result !== 'failed');
    this.#schedule();
  }

  /** Who is served by a sweep of this kind: it has the names too. */
  #take(kind: SweepKind): readonly Waiting[] {
    const served: readonly SweepKind[] = kind === 'all' ? ['names', 'all'] : ['names'];
    return served.flatMap((each) => {
      this.#kinds[each].demandedMs = undefined;
      return this.#kinds[each].waiting.splice(0);
    });
  }
}

function neverSwept(): KindOfSweep {
  return {
    budget: new SweepBudget(),
    startedMs: Number.NEGATIVE_INFINITY,
    tookMs: 0,
    demandedMs: undefined,
    waiting: [],
  };
}
