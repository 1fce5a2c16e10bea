import { ApiError, isConflict } from './api-error.ts';
import type { KubeObject } from './kube-object.ts';
import type { LeaderLeaseOptions, LeaseTimes } from './lease-options.ts';
import { microTime, readLease, writeLease, type LeaseRecord } from './lease-record.ts';
import { LEASES, type Named } from './resources.ts';

/** What a try to hold the lease came to. */
export type Attempt =
  | { readonly kind: 'held' }
  /** Another one holds it, as far as we can know. */
  | { readonly kind: 'taken'; readonly by: string }
  | { readonly kind: 'failed'; readonly error: ApiError };

/**
 * Reads and writes the Lease. Whether another's hold is over is told by our own monotonic clock alone: it must have been seen
 * unchanged for as long as it lasts, so clocks that disagree or jump end nobody's term.
 */
export class LeaseHolder {
  readonly #options: LeaderLeaseOptions;
  readonly #place: Named;
  readonly #times: LeaseTimes;
  readonly #now: () => number;
  /** As last read or written. */
  #lease: KubeObject | undefined;
  #seenAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderLeaseOptions, times: LeaseTimes, now: () => number) {
    this.#options = options;
    this.#times = times;
    this.#now = now;
    this.#place = { resource: LEASES, namespace: options.namespace, name: options.name };
  }

  /** Empty: nobody that we know of. */
  holder(): string {
    return this.#lease === undefined ? '' : readLease(this.#lease).holder;
  }

  async attempt(signal: AbortSignal): Promise<Attempt> {
    try {
      const known = this.#lease;
      // Who held it writes at once; a conflict says that it must be read first.
      if (known !== undefined && this.#isOurs(known)) {
        const renewed = await this.#write(known, this.#claim(known), signal).catch(unlessConflict);
        if (renewed) return { kind: 'held' };
      }
      const lease = await this.#read(signal);
      const { holder } = readLease(lease);
      if (!this.#isFree(lease)) return { kind: 'taken', by: holder };
      await this.#write(lease, this.#claim(lease), signal);
      return { kind: 'held' };
    } catch (error) {
      if (error instanceof ApiError) return { kind: 'failed', error };
      throw error;
    }
  }

  /** Lets go, so that the next one need not wait; does nothing when somebody else holds it already. */
  async release(timeoutMs: number): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    const known = this.#lease;
    if (known === undefined || !this.#isOurs(known)) return;
    if (await this.#write(known, freed(known), signal).catch(unlessConflict)) return;
    // A renewal that was given up on may have arrived all the same.
    const lease = await this.#read(signal);
    if (this.#isOurs(lease)) await this.#write(lease, freed(lease), signal);
  }

  #isOurs(lease: KubeObject): boolean {
    return readLease(lease).holder === this.#options.identity;
  }

  #isFree(lease: KubeObject): boolean {
    const { holder, durationMs } = readLease(lease);
    return holder === '' || this.#isOurs(lease) || this.#now() - this.#seenAt >= durationMs;
  }

  #claim(lease: KubeObject): LeaseRecord {
    const old = readLease(lease);
    const wall = microTime(Date.now());
    const isOurs = this.#isOurs(lease);
    return {
      holder: this.#options.identity,
      durationMs: this.#times.leaseMs,
      renewTime: wall,
      acquireTime: isOurs && old.acquireTime !== '' ? old.acquireTime : wall,
      transitions: isOurs ? old.transitions : old.transitions + 1,
    };
  }

  async #read(signal: AbortSignal): Promise<KubeObject> {
    const lease = await this.#options.client.get(this.#place, { signal, timeoutMs: this.#timeoutMs() });
    this.#observe(lease);
    return lease;
  }

  async #write(lease: KubeObject, record: LeaseRecord, signal: AbortSignal): Promise<true> {
    const call = { signal, timeoutMs: this.#timeoutMs() };
    this.#observe(await this.#options.client.update(this.#place, writeLease(lease, record), call));
    return true;
  }

  #observe(lease: KubeObject): void {
    const isSame = this.#lease !== undefined && isSameTerm(readLease(this.#lease), readLease(lease));
    if (!isSame) this.#seenAt = this.#now();
    this.#lease = lease;
  }

  /** So that a request that hangs leaves time for another one before the term is over. */
  #timeoutMs(): number {
    return this.#times.renewMs / 2;
  }
}

/** The shortest duration that there is, for those who do not look at the holder. */
function freed(lease: KubeObject): LeaseRecord {
  const wall = microTime(Date.now());
  return { ...readLease(lease), holder: '', durationMs: 1_000, renewTime: wall, acquireTime: wall };
}

function isSameTerm(a: LeaseRecord, b: LeaseRecord): boolean {
  return a.holder === b.holder && a.renewTime === b.renewTime && a.transitions === b.transitions;
}

function unlessConflict(error: unknown): false {
  if (isConflict(error)) return false;
  throw error;
}
