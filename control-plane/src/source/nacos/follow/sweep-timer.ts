import type { FollowTimings } from './timings.ts';

/** `names`: which services there are; `all`: their instances too, of those that nobody follows. */
export type SweepKind = 'names' | 'all';
export type SweepWhy = 'regular' | 'demand';

export interface SweepTimerOptions {
  /** Never rejects; false: it could not be done now. */
  readonly run: (kind: SweepKind, why: SweepWhy) => Promise<boolean>;
  readonly timings: Pick<FollowTimings, 'namesEvery' | 'fullEvery' | 'namesGap' | 'demandGap'>;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
}

/** Of all the time sweeps of one kind may take one part in so many. */
const SHARE = 20;

/** What is remembered of the sweeps of one kind. */
interface KindOfSweep {
  startedMs: number;
  tookMs: number;
  /** Told when one has ended that began after they asked. */
  waiting: (() => void)[];
}

/** Sweeps slowly all the time, and sooner where somebody asks for it; one at a time. */
export class SweepTimer {
  readonly #options: SweepTimerOptions;
  readonly #kinds: Readonly<Record<SweepKind, KindOfSweep>> = { names: neverSwept(), all: neverSwept() };
  readonly #demanded = new Set<SweepKind>();
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
    this.#schedule();
  }

  /** Soon, though not too often. Resolves when it is over, or will not be. */
  demand(kind: SweepKind): Promise<void> {
    // What is asked for before the start is found by the first reading.
    if (this.#beganMs === undefined || this.#isClosed) return Promise.resolve();
    this.#demanded.add(kind);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#kinds[kind].waiting.push(resolve);
    if (!this.#isRunning) this.#schedule();
    return promise;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#release('all');
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
    const { timings } = this.#options;
    const startedMs = Math.max(this.#kinds.names.startedMs, this.#kinds.all.startedMs);
    const pauseMs = Math.max(timings.namesEvery, SHARE * this.#kinds.names.tookMs);
    const regular = { kind: undefined, dueMs: Math.max(this.#beganMs ?? 0, startedMs) + pauseMs };
    const demanded = [...this.#demanded].map((kind) => ({ kind, dueMs: this.#allowedMs(kind) }));
    return [regular, ...demanded].reduce((first, other) => (other.dueMs < first.dueMs ? other : first));
  }

  #allowedMs(kind: SweepKind): number {
    const { startedMs, tookMs } = this.#kinds[kind];
    const { namesGap, demandGap } = this.#options.timings;
    return startedMs + Math.max(kind === 'names' ? namesGap : demandGap, SHARE * tookMs);
  }

  async #run(demanded: SweepKind | undefined): Promise<void> {
    const { run, timings, now } = this.#options;
    this.#looks += demanded === undefined ? 1 : 0;
    const isFull = demanded === undefined && this.#looks % timings.fullEvery === 0;
    const kind = isFull ? 'all' : (demanded ?? 'names');
    const waiting = this.#take(kind);
    this.#isRunning = true;
    this.#kinds[kind].startedMs = now();
    const isDone = await run(kind, demanded === undefined ? 'regular' : 'demand');
    this.#kinds[kind].tookMs = now() - this.#kinds[kind].startedMs;
    this.#isRunning = false;
    if (!isDone && kind === 'all') this.#demanded.add(kind);
    for (const resolve of waiting) resolve();
    this.#schedule();
  }

  /** Who is served by a sweep of this kind: it has the names too. */
  #take(kind: SweepKind): readonly (() => void)[] {
    const served: readonly SweepKind[] = kind === 'all' ? ['names', 'all'] : ['names'];
    return served.flatMap((each) => {
      this.#demanded.delete(each);
      return this.#kinds[each].waiting.splice(0);
    });
  }

  #release(kind: SweepKind): void {
    for (const resolve of this.#take(kind)) resolve();
  }
}

function neverSwept(): KindOfSweep {
  return { startedMs: Number.NEGATIVE_INFINITY, tookMs: 0, waiting: [] };
}
