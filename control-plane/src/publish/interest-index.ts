import type { CanonicalKey } from '../catalog/catalog.ts';

/** Told of a key's first stream, and of its last one's end. */
export interface KeyWatch {
  came(key: CanonicalKey): void;
  went(key: CanonicalKey): void;
}

/** Which streams a key concerns, so that a change costs what it touches and not what there is. */
export class InterestIndex<Stream> {
  readonly #entries = new Map<CanonicalKey, { readonly key: CanonicalKey; readonly streams: Set<Stream> }>();

  readonly #watch: KeyWatch | undefined;

  constructor(watch?: KeyWatch) {
    this.#watch = watch;
  }

  /** The same text as one object: a thousand sidecars that call a service keep its key once, and it is found faster. */
  intern(key: CanonicalKey): CanonicalKey {
    return this.#entries.get(key)?.key ?? key;
  }

  add(stream: Stream, keys: Iterable<CanonicalKey>): void {
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry !== undefined) {
        entry.streams.add(stream);
        continue;
      }
      this.#entries.set(key, { key, streams: new Set([stream]) });
      this.#watch?.came(key);
    }
  }

  remove(stream: Stream, keys: Iterable<CanonicalKey>): void {
    for (const key of keys) {
      const streams = this.#entries.get(key)?.streams;
      streams?.delete(stream);
      if (streams?.size !== 0) continue;
      this.#entries.delete(key);
      this.#watch?.went(key);
    }
  }

  /** Each once, however many of the keys concern it. */
  concerned(keys: Iterable<CanonicalKey>): ReadonlySet<Stream> {
    const concerned = new Set<Stream>();
    for (const key of keys) {
      for (const stream of this.#entries.get(key)?.streams ?? []) concerned.add(stream);
    }
    return concerned;
  }

  size(): number {
    return this.#entries.size;
  }
}
