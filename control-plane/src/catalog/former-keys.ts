import type { CanonicalKey } from './catalog.ts';

/** The longest gone are forgotten first. */
const MOST = 10_000;

/** Addresses that no service has any more, each with the service that had it last. */
export class FormerKeys {
  readonly #most: number;
  /** Oldest first. */
  readonly #ids = new Map<CanonicalKey, string>();
  readonly #keys = new Map<string, Set<CanonicalKey>>();

  constructor(most = MOST) {
    this.#most = most;
  }

  idOf(key: CanonicalKey): string | undefined {
    return this.#ids.get(key);
  }

  keysOf(id: string): Iterable<CanonicalKey> {
    return this.#keys.get(id) ?? [];
  }

  add(key: CanonicalKey, id: string): void {
    this.remove(key);
    this.#ids.set(key, id);
    const keys = this.#keys.get(id);
    if (keys === undefined) this.#keys.set(id, new Set([key]));
    else keys.add(key);
    const [oldest] = this.#ids.keys();
    if (this.#ids.size > this.#most && oldest !== undefined) this.remove(oldest);
  }

  /** It belongs to a service again. */
  remove(key: CanonicalKey): void {
    const id = this.#ids.get(key);
    if (id === undefined) return;
    this.#ids.delete(key);
    const keys = this.#keys.get(id);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(id);
  }

  /** The service is no more. */
  forget(id: string): void {
    for (const key of this.#keys.get(id) ?? []) this.#ids.delete(key);
    this.#keys.delete(id);
  }
}
