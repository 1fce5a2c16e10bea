const NONE: ReadonlySet<string> = new Set();

/** Group -> keys in it; a group without keys takes no memory. */
export class GroupedKeys {
  readonly #groups = new Map<string, Set<string>>();

  in(group: string): ReadonlySet<string> {
    return this.#groups.get(group) ?? NONE;
  }

  add(group: string, key: string): void {
    const keys = this.#groups.get(group);
    if (keys === undefined) this.#groups.set(group, new Set([key]));
    else keys.add(key);
  }

  remove(group: string, key: string): void {
    const keys = this.#groups.get(group);
    keys?.delete(key);
    if (keys?.size === 0) this.#groups.delete(group);
  }
}
