import { MAX_INTERESTS, type InterestKey } from '@lanekeeper/protocol/discovery';

/** One key that the control plane was, or will be, asked for. Mutable, so that its use costs no allocation. */
export interface Interest {
  readonly key: InterestKey;
  /** Nothing is to be waited for: it was answered, or the wait for it was given up once. */
  isSettled: boolean;
  isAnswered: boolean;
  /** The mesh has a service at this name or address. */
  isInMesh: boolean;
  /** Kept however long nobody uses it. */
  isPinned: boolean;
  /** Coarse; in periods of whoever counts them. */
  usedAt: number;
  /** Used whenever this one is: the services, by name, that its address is an endpoint of. */
  owners: readonly Interest[];
  /** Texts by which it is found beside its own: `b:8080`, `::ffff:10.0.0.1`. */
  readonly spellings: string[];
}

export interface InterestBookOptions {
  /** Default {@link MAX_INTERESTS}. */
  readonly maxKeys?: number;
  /** Periods without use after which a key is let go. */
  readonly idlePeriods: number;
}

export interface InterestChanges {
  readonly add: readonly InterestKey[];
  readonly remove: readonly InterestKey[];
}

/** More than the ports under which one host is asked for. */
const MAX_SPELLINGS = 16;
/** When the book is full, so large a part is let go at once: finding the longest unused costs a look at all. */
const SHARE_LET_GO = 32;

/** Which destinations this sidecar wants to know the services of. Plain data: who sends, waits and counts time is elsewhere. */
export class InterestBook {
  readonly #maxKeys: number;
  readonly #idlePeriods: number;
  readonly #byKey = new Map<InterestKey, Interest>();
  readonly #bySpelling = new Map<string, Interest>();
  readonly #added = new Set<InterestKey>();
  /** With whether it was answered: a key that is wanted again before it was let go is not answered a second time. */
  readonly #removed = new Map<InterestKey, boolean>();
  #period = 0;

  constructor({ maxKeys = MAX_INTERESTS, idlePeriods }: InterestBookOptions) {
    this.#maxKeys = maxKeys;
    this.#idlePeriods = idlePeriods;
  }

  /** The interest that `spelling` stands for, and marks it as used; one look-up. */
  use(spelling: string): Interest | undefined {
    const interest = this.#bySpelling.get(spelling);
    if (interest !== undefined) this.#mark(interest);
    return interest;
  }

  /** The interest in `key`, made if need be. */
  take(key: InterestKey): Interest {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.#mark(known);
      return known;
    }
    if (this.#byKey.size >= this.#maxKeys) this.#makeRoom();
    const isAnswered = this.#removed.get(key) ?? false;
    const interest: Interest = {
      ...{ key, isSettled: isAnswered, isAnswered, isInMesh: false, isPinned: false },
      usedAt: this.#period,
      owners: [],
      spellings: [],
    };
    this.#byKey.set(key, interest);
    if (!this.#removed.delete(key)) this.#added.add(key);
    return interest;
  }

  /** From now on `spelling` stands for `interest`. */
  spell(interest: Interest, spelling: string): void {
    if (this.#bySpelling.has(spelling) || !this.#byKey.has(interest.key)) return;
    if (interest.spellings.length >= MAX_SPELLINGS) return;
    interest.spellings.push(spelling);
    this.#bySpelling.set(spelling, interest);
  }

  get(key: InterestKey): Interest | undefined {
    return this.#byKey.get(key);
  }

  /** Exactly these keys are kept whether they are used or not. */
  pin(keys: readonly InterestKey[]): void {
    const pinned = new Set(keys);
    for (const interest of this.#byKey.values()) interest.isPinned = pinned.has(interest.key);
    for (const key of pinned) this.take(key).isPinned = true;
  }

  pinned(): readonly Interest[] {
    return [...this.#byKey.values()].filter(({ isPinned }) => isPinned);
  }

  /** A period is over; keys that were idle for long enough go. */
  tick(): void {
    this.#period += 1;
    for (const interest of this.#byKey.values()) {
      if (!interest.isPinned && this.#period - interest.usedAt >= this.#idlePeriods) this.#drop(interest);
    }
  }

  /** What is to be told since the last time. */
  takeChanges(): InterestChanges {
    const changes = { add: [...this.#added], remove: [...this.#removed.keys()] };
    this.#added.clear();
    this.#removed.clear();
    return changes;
  }

  /** Everything, for a control plane that knows nothing of this sidecar yet. */
  takeAll(): InterestChanges {
    this.#added.clear();
    this.#removed.clear();
    return { add: [...this.#byKey.keys()], remove: [] };
  }

  values(): Iterable<Interest> {
    return this.#byKey.values();
  }

  get size(): number {
    return this.#byKey.size;
  }

  #mark(interest: Interest): void {
    interest.usedAt = this.#period;
    for (const owner of interest.owners) owner.usedAt = this.#period;
  }

  #makeRoom(): void {
    const loose = [...this.#byKey.values()].filter(({ isPinned }) => !isPinned);
    loose.sort((a, b) => a.usedAt - b.usedAt);
    for (const interest of loose.slice(0, Math.ceil(this.#maxKeys / SHARE_LET_GO))) this.#drop(interest);
  }

  #drop(interest: Interest): void {
    this.#byKey.delete(interest.key);
    for (const spelling of interest.spellings) this.#bySpelling.delete(spelling);
    if (!this.#added.delete(interest.key)) this.#removed.set(interest.key, interest.isAnswered);
  }
}
