import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseHolder, type Attempt } from './lease-holder.ts';
import { LEASE_TIMES, type LeaderLeaseOptions, type LeaseTimes } from './lease-options.ts';

export interface LeaderLease {
  isLeader(): boolean;
  /** Identity of the leader as last seen; empty: none. */
  leader(): string;
  start(): void;
  /** Gives the lease back, so that another replica need not wait, and resolves when that is done or has failed. */
  stop(): Promise<void>;
}

/** How much longer than `retryMs` those that wait may pause, so that they do not all ask together. As client-go. */
const JITTER = 1.2;
/** A failure that goes on is said once, then now and then. */
const SAY_EVERY = 15;

/**
 * One leader among replicas, by a Lease that is there already. A term ends on this side before any other may begin one: it is
 * measured from before the request that renewed it, and is shorter than what others wait. Time is monotonic; a machine that slept
 * may hold its term for as long as one `retryMs` too long, so what a leader writes should be guarded by resource versions too.
 */
export function createLeaderLease(options: LeaderLeaseOptions): LeaderLease {
  return new Election(options);
}

class Election implements LeaderLease {
  readonly #options: LeaderLeaseOptions;
  readonly #times: LeaseTimes;
  readonly #now: () => number;
  readonly #holder: LeaseHolder;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #term: AbortController | undefined;
  /** When the term ends unless it is renewed. */
  #deadline = Number.NEGATIVE_INFINITY;
  #expiry: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(options: LeaderLeaseOptions) {
    this.#options = options;
    this.#times = options.times ?? LEASE_TIMES;
    this.#now = options.now ?? (() => performance.now());
    this.#holder = new LeaseHolder(options, this.#times, this.#now);
  }

  isLeader(): boolean {
    return this.#term !== undefined && this.#now() < this.#deadline;
  }

  leader(): string {
    return this.#holder.holder();
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    const wasLeader = this.#term !== undefined;
    this.#stopping.abort();
    this.#lose('stopped');
    await this.#running;
    if (!wasLeader) return;
    try {
      await this.#holder.release(this.#times.renewMs / 2);
      this.#options.log.info(this.#fields({}), 'lease_released');
    } catch (err) {
      this.#options.log.warn(this.#fields({ err }), 'lease_release_failed');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = this.#now();
      const attempt = await this.#holder.attempt(signal);
      if (signal.aborted) return;
      this.#take(attempt, startedAt);
      await sleep(this.#pauseMs(), undefined, { signal }).catch(() => undefined);
    }
  }

  #take(attempt: Attempt, startedAt: number): void {
    switch (attempt.kind) {
      case 'held':
        this.#failures = 0;
        return this.#hold(startedAt);
      case 'taken':
        this.#failures = 0;
        return this.#lose(`held by ${attempt.by}`);
      case 'failed':
        if (this.#failures % SAY_EVERY === 0) {
          this.#options.log.warn(this.#fields({ err: attempt.error }), 'lease_attempt_failed');
        }
        this.#failures += 1;
    }
  }

  #hold(startedAt: number): void {
    this.#deadline = startedAt + this.#times.renewMs;
    // The answer may have come after the end of the term that it renews: then that one is over, and this is a new one.
    if (this.#now() >= this.#deadline) return this.#lose('renewed too late');
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#lose('could not be renewed'), this.#deadline - this.#now());
    if (this.#term !== undefined) return;
    this.#term = new AbortController();
    this.#options.log.info(this.#fields({}), 'leader_elected');
    this.#options.onElected(this.#term.signal);
  }

  #lose(reason: string): void {
    clearTimeout(this.#expiry);
    const term = this.#term;
    if (term === undefined) return;
    this.#term = undefined;
    this.#deadline = Number.NEGATIVE_INFINITY;
    this.#options.log.info(this.#fields({ reason }), 'leader_lost');
    term.abort();
    this.#options.onLost();
  }

  #pauseMs(): number {
    const { retryMs } = this.#times;
    if (this.#term !== undefined) return retryMs;
    return retryMs * (1 + JITTER * (this.#options.random ?? Math.random)());
  }

  #fields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { name, identity } = this.#options;
    return { lease: name, identity, ...fields };
  }
}
