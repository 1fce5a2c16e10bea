/** Group -> keys in it. Most groups have one key only: it takes no set of its own. */
export class GroupedKeys {
  readonly #groups = new Map<string, string | Set<string>>();

  in(group: string): readonly string[] {
    const keys = this.#groups.get(group);
    if (keys === undefined) return [];
    return typeof keys === 'string' ? [keys] : [...keys];
  }

  add(group: string, key: string): void {
    const keys = this.#groups.get(group);
    if (keys === undefined) this.#groups.set(group, key);
    else if (typeof keys !== 'string') keys.add(key);
    else if (keys !== key) this.#groups.set(group, new Set([keys, key]));
  }

  remove(group: string, key: string): void {
    const keys = this.#groups.get(group);
    if (keys === key) this.#groups.delete(group);
    else if (keys instanceof Set && keys.delete(key) && keys.size === 0) this.#groups.delete(group);
  }
}
