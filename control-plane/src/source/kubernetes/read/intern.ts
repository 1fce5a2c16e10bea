/** Beyond it everything is forgotten and learned anew: a pool must not keep what the cluster has long let go. */
const MAX_ENTRIES = 65_536;

/**
 * One instance for equal values. Ten thousand pods have a few hundred different label sets, ports and node names; JSON.parse makes
 * each of them anew.
 */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #values = new Map<string, unknown>();

  text(value: string): string {
    return find(this.#texts, value, value);
  }

  texts(value: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return this.value(value);
  }

  /** `value` is plain data that nobody changes; equal means: the same JSON. */
  value<T>(value: T): T {
    // Equal text is what makes the kept instance a T.
    return find(this.#values, JSON.stringify(value), value) as T;
  }
}

function find<T>(pool: Map<string, T>, key: string, value: T): T {
  const known = pool.get(key);
  if (known !== undefined) return known;
  if (pool.size >= MAX_ENTRIES) pool.clear();
  pool.set(key, value);
  return value;
}
