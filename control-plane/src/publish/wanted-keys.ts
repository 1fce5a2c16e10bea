import type { Log } from '@lanekeeper/runtime/log';
import type { CanonicalKey } from '../catalog/catalog.ts';
import type { Look, Want } from '../source/source.ts';
import type { KeyWatch } from './interest-index.ts';

export interface WantTeller extends KeyWatch {
  /** Some sidecar waits for what it means. */
  asked(key: CanonicalKey): void;
  /** What is asked for now is of this turn. */
  turn(): number;
  /** Whether the answer to who has asked for it in that turn waits. `isKnown`: somebody knows what it means. */
  isSought(key: CanonicalKey, turn: number, isKnown: boolean): boolean;
  /** Nothing is told afterwards. */
  close(): void;
}

/** `cut`: an answer did not wait for its end. */
export type LookEnd = 'done' | 'undone' | 'cut';

export interface WantOptions {
  readonly want: Want;
  /** Somebody's answer may not wait for these any more. */
  readonly settled: (keys: Iterable<CanonicalKey>) => void;
  readonly ended: (how: LookEnd) => void;
  /** A look is waited for so long at most; a sidecar's request waits for it. */
  readonly patienceMs: number;
  readonly log: Log;
}

/**
 * Tells which keys came, went and were asked for, all of one turn of the event loop at once; what came and went in it is as before. A
 * look counts for those who asked before it began.
 */
export function tellWanted(options: WantOptions): WantTeller {
  return new TurnTeller(options);
}

/** Between two complaints of looks that were cut. */
const COMPLAINT_EVERY_MS = 60_000;
/** So many keys are named in one. */
const NAMED = 5;

class TurnTeller implements WantTeller {
  readonly #options: WantOptions;
  readonly #added = new Set<CanonicalKey>();
  readonly #removed = new Set<CanonicalKey>();
  readonly #asked = new Set<CanonicalKey>();
  /** What is looked for, by the turn in which it was asked for. */
  readonly #looks = new Map<number, readonly Look[]>();
  #turn = 0;
  #next: NodeJS.Immediate | undefined;
  #complainedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: WantOptions) {
    this.#options = options;
  }

  came(key: CanonicalKey): void {
    if (!this.#removed.delete(key)) this.#added.add(key);
    this.#schedule();
  }

  went(key: CanonicalKey): void {
    if (!this.#added.delete(key)) this.#removed.add(key);
    this.#schedule();
  }

  asked(key: CanonicalKey): void {
    this.#asked.add(key);
    this.#schedule();
  }

  turn(): number {
    return this.#turn;
  }

  isSought(key: CanonicalKey, turn: number, isKnown: boolean): boolean {
    if (turn === this.#turn) return this.#asked.has(key);
    const looks = this.#looks.get(turn) ?? [];
    return looks.some(({ keys, why }) => keys.has(key) && !(isKnown && why === 'unknown'));
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#next);
  }

  #schedule(): void {
    if (!this.#isClosed) this.#next ??= setImmediate(() => this.#tell());
  }

  #tell(): void {
    const [added, removed, asked] = [[...this.#added], [...this.#removed], [...this.#asked]];
    const turn = this.#turn;
    this.#turn += 1;
    this.#next = undefined;
    for (const keys of [this.#added, this.#removed, this.#asked]) keys.clear();
    if (added.length + removed.length + asked.length === 0) return;
    const looks = this.#want({ added, removed, asked });
    if (looks.length > 0) this.#looks.set(turn, looks);
    for (const look of looks) void this.#await(look, turn);
    if (asked.length > 0) this.#options.settled(asked);
  }

  #want(change: Parameters<Want>[0]): readonly Look[] {
    try {
      return this.#options.want(change);
    } catch (err) {
      // The streams go on; the mistake is the listener's, and must be seen.
      this.#options.log.error({ err }, 'want_failed');
      return [];
    }
  }

  async #await(look: Look, turn: number): Promise<void> {
    const { patienceMs, ended } = this.#options;
    const { promise: patience, resolve } = Promise.withResolvers<'cut'>();
    const timer = setTimeout(() => resolve('cut'), patienceMs);
    const over = look.over.then((isDone) => (isDone ? 'done' : 'undone'));
    const how = await Promise.race([over, patience]);
    clearTimeout(timer);
    const others = this.#looks.get(turn)?.filter((other) => other !== look) ?? [];
    if (others.length > 0) this.#looks.set(turn, others);
    else this.#looks.delete(turn);
    if (this.#isClosed) return;
    ended(how);
    if (how === 'cut') this.#complain(look);
    this.#options.settled(look.keys);
  }

  #complain({ keys, why }: Look): void {
    const now = performance.now();
    if (now - this.#complainedMs < COMPLAINT_EVERY_MS) return;
    this.#complainedMs = now;
    const { log, patienceMs } = this.#options;
    log.warn({ keys: [...keys].slice(0, NAMED), count: keys.size, why, waitedMs: patienceMs }, 'look_cut');
  }
}
