import { SEVERAL, type TraceLinks } from './evidence.ts';
import type { TraceId } from './trace-ids.ts';

export interface SeenIdsOptions {
  /** A clock that never goes back, in milliseconds. */
  readonly now: () => number;
  /** How long an id is remembered at least, unless there are too many; twice as long at most. Default 5 minutes. */
  readonly ttlMs?: number;
  /** How many ids are remembered at most; about 150 bytes each. Default 65,536. */
  readonly capacity?: number;
}

/**
 * The lanes of inbound requests by the ids that they carried. Two generations: ids go into the young one; when it is full or
 * has lived for `ttlMs`, it becomes the old one and the old one is forgotten. No timer, no work for each id that expires.
 */
export class SeenIds implements TraceLinks {
  readonly #now: () => number;
  readonly #ttlMs: number;
  readonly #half: number;
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  #turnedAt: number;

  constructor(options: SeenIdsOptions) {
    this.#now = options.now;
    this.#ttlMs = options.ttlMs ?? 300_000;
    this.#half = Math.max(1, Math.floor((options.capacity ?? 65_536) / 2));
    this.#turnedAt = this.#now();
  }

  /** Ids remembered now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** An inbound request of `lane` (or `base`) carried `ids`. An id that two lanes carried is of {@link SEVERAL} from then on. */
  record(ids: readonly TraceId[], lane: string): void {
    if (ids.length === 0) return;
    this.#expire();
    for (const { id } of ids) this.#add(id, lane);
  }

  lookup(id: string): string | undefined {
    this.#expire();
    return this.#young.get(id) ?? this.#old.get(id);
  }

  #add(id: string, lane: string): void {
    const young = this.#young.get(id);
    const known = young ?? this.#old.get(id) ?? lane;
    const now = known === lane ? lane : SEVERAL;
    if (young === undefined) {
      if (this.#young.size >= this.#half) this.#turn(this.#now());
      this.#young.set(detach(id), now);
    } else if (young !== now) {
      this.#young.set(id, now);
    }
  }

  #expire(): void {
    const now = this.#now();
    const age = now - this.#turnedAt;
    if (age < this.#ttlMs) return;
    this.#turn(this.#turnedAt + this.#ttlMs);
    if (age < 2 * this.#ttlMs) return;
    this.#old.clear();
    this.#turnedAt = now;
  }

  #turn(at: number): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = at;
  }
}

/** A copy of its own: a slice would keep the whole request head that it was cut from in memory. */
function detach(id: string): string {
  const encoding = /[^ -~]/.test(id) ? 'utf16le' : 'latin1';
  return Buffer.from(id, encoding).toString(encoding);
}
