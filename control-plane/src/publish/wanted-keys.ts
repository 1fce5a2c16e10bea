import type { Log } from '@lanekeeper/runtime/log';
import type { CanonicalKey } from '../catalog/catalog.ts';
import type { Want } from '../source/source.ts';
import type { KeyWatch } from './interest-index.ts';

export interface WantTeller extends KeyWatch {
  /** Whether it has come just now, and may yet be found by those who are told of it. */
  isSought(key: CanonicalKey): boolean;
  /** Nothing is told afterwards. */
  close(): void;
}

export interface WantOptions {
  readonly want: Want;
  /** These are not sought any more. */
  readonly settled: (keys: readonly CanonicalKey[]) => void;
  /** A key is sought for so long at most; a sidecar's request waits for it. */
  readonly patienceMs: number;
  readonly log: Log;
}

/** Tells which keys came and went, all of one turn of the event loop at once; what did both is as before. */
export function tellWanted(options: WantOptions): WantTeller {
  return new TurnTeller(options);
}

class TurnTeller implements WantTeller {
  readonly #options: WantOptions;
  readonly #added = new Set<CanonicalKey>();
  readonly #removed = new Set<CanonicalKey>();
  readonly #sought = new Set<CanonicalKey>();
  #next: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(options: WantOptions) {
    this.#options = options;
  }

  came(key: CanonicalKey): void {
    if (!this.#removed.delete(key)) {
      this.#added.add(key);
      this.#sought.add(key);
    }
    this.#schedule();
  }

  went(key: CanonicalKey): void {
    if (!this.#added.delete(key)) this.#removed.add(key);
    this.#sought.delete(key);
    this.#schedule();
  }

  isSought(key: CanonicalKey): boolean {
    return this.#sought.has(key);
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#next);
  }

  #schedule(): void {
    if (!this.#isClosed) this.#next ??= setImmediate(() => this.#tell());
  }

  #tell(): void {
    const [added, removed] = [[...this.#added], [...this.#removed]];
    this.#next = undefined;
    this.#added.clear();
    this.#removed.clear();
    if (added.length + removed.length === 0) return;
    const looking = this.#ask(added, removed);
    if (looking === undefined) this.#settle(added);
    else void this.#await(looking, added);
  }

  #ask(added: readonly CanonicalKey[], removed: readonly CanonicalKey[]): Promise<void> | undefined {
    try {
      return this.#options.want({ added, removed });
    } catch (err) {
      // The streams go on; the mistake is the listener's, and must be seen.
      this.#options.log.error({ err }, 'want_failed');
      return undefined;
    }
  }

  async #await(looking: Promise<void>, keys: readonly CanonicalKey[]): Promise<void> {
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#options.patienceMs);
    await Promise.race([looking, patience]);
    clearTimeout(timer);
    this.#settle(keys);
  }

  #settle(keys: readonly CanonicalKey[]): void {
    const settled = keys.filter((key) => this.#sought.delete(key));
    if (settled.length > 0 && !this.#isClosed) this.#options.settled(settled);
  }
}
