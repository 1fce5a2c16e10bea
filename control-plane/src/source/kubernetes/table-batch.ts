import { isDeepStrictEqual } from 'node:util';
import type { Change } from '@lanekeeper/kubernetes/reflector';
import type { TableChanges } from './cluster-tables.ts';

/** Changes of one table since they were last taken. */
export class TableBatch<T> {
  #keys = new Set<string>();
  #before = new Map<string, T>();
  /** Changed more than once: they may be what they were. */
  #repeated = new Set<string>();

  add(change: Change<T>): void {
    const { key } = change;
    if (this.#keys.has(key)) this.#repeated.add(key);
    else if (change.kind !== 'added') this.#before.set(key, change.old);
    this.#keys.add(key);
  }

  /** What is different from when they were last taken; `now` is the table. */
  take(now: ReadonlyMap<string, T>): TableChanges<T> {
    const [keys, before] = [this.#keys, this.#before];
    for (const key of this.#repeated) {
      if (!isDeepStrictEqual(before.get(key), now.get(key))) continue;
      keys.delete(key);
      before.delete(key);
    }
    this.#keys = new Set();
    this.#before = new Map();
    this.#repeated = new Set();
    return { keys, before };
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }
}
