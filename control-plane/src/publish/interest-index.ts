import type { CanonicalKey } from '../catalog/catalog.ts';

/** Which streams a key concerns, so that a change costs what it touches and not what there is. */
export class InterestIndex<Stream> {
  readonly #streams = new Map<CanonicalKey, Set<Stream>>();

  add(stream: Stream, keys: Iterable<CanonicalKey>): void {
    for (const key of keys) {
      const streams = this.#streams.get(key);
      if (streams === undefined) this.#streams.set(key, new Set([stream]));
      else streams.add(stream);
    }
  }

  remove(stream: Stream, keys: Iterable<CanonicalKey>): void {
    for (const key of keys) {
      const streams = this.#streams.get(key);
      streams?.delete(stream);
      if (streams?.size === 0) this.#streams.delete(key);
    }
  }

  /** Each once, however many of the keys concern it. */
  concerned(keys: Iterable<CanonicalKey>): ReadonlySet<Stream> {
    const concerned = new Set<Stream>();
    for (const key of keys) for (const stream of this.#streams.get(key) ?? []) concerned.add(stream);
    return concerned;
  }

  size(): number {
    return this.#streams.size;
  }
}
