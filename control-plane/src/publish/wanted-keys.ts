import type { Log } from '@lanekeeper/runtime/log';
import type { CanonicalKey } from '../catalog/catalog.ts';
import type { WantedKeys } from '../source/source.ts';
import type { KeyWatch } from './interest-index.ts';

export interface WantTeller extends KeyWatch {
  /** Nothing is told afterwards. */
  close(): void;
}

/** Tells which keys came and went, all of one turn of the event loop at once; what did both is as before. */
export function tellWanted(want: (change: WantedKeys) => void, log: Log): WantTeller {
  return new TurnTeller(want, log);
}

class TurnTeller implements WantTeller {
  readonly #want: (change: WantedKeys) => void;
  readonly #log: Log;
  readonly #added = new Set<CanonicalKey>();
  readonly #removed = new Set<CanonicalKey>();
  #next: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(want: (change: WantedKeys) => void, log: Log) {
    this.#want = want;
    this.#log = log;
  }

  came(key: CanonicalKey): void {
    if (!this.#removed.delete(key)) this.#added.add(key);
    this.#schedule();
  }

  went(key: CanonicalKey): void {
    if (!this.#added.delete(key)) this.#removed.add(key);
    this.#schedule();
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
    try {
      this.#want({ added, removed });
    } catch (err) {
      // The streams go on; the mistake is the listener's, and must be seen.
      this.#log.error({ err }, 'want_failed');
    }
  }
}
