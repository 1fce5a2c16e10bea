import type { CanonicalKey } from './catalog.ts';

const NONE: readonly string[] = [];

/** Key -> ids of the services that it means, in order. */
export class KeyIndex {
  readonly #ids = new Map<CanonicalKey, readonly string[]>();

  resolve(key: CanonicalKey): readonly string[] {
    return this.#ids.get(key) ?? NONE;
  }

  add(id: string, keys: Iterable<CanonicalKey>): void {
    // Most keys mean one service only; they share one list.
    const alone = [id];
    for (const key of keys) {
      const ids = this.#ids.get(key);
      this.#ids.set(key, ids === undefined ? alone : [...ids, id].sort());
    }
  }

  remove(id: string, keys: Iterable<CanonicalKey>): void {
    for (const key of keys) {
      const left = this.resolve(key).filter((other) => other !== id);
      if (left.length === 0) this.#ids.delete(key);
      else this.#ids.set(key, left);
    }
  }
}
