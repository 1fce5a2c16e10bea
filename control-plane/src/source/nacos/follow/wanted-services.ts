import type { CanonicalKey, Catalog } from '../../../catalog/catalog.ts';
import type { WantedKeys } from '../../source.ts';

export interface WantedListener {
  /** Some sidecar needs them now, or none does any more. */
  changed(ids: readonly string[]): void;
}

/**
 * Which services the keys mean that sidecars are interested in. What a key has meant once it goes on meaning, for as long as it is
 * wanted: an instance that has left its service comes back to it with the same address, and somebody must be looking then.
 */
export class WantedServices {
  readonly #catalog: Pick<Catalog, 'resolve' | 'subscribe'>;
  readonly #listener: WantedListener;
  readonly #keys = new Map<CanonicalKey, Set<string>>();
  /** Service id -> how many keys mean it. */
  readonly #counts = new Map<string, number>();
  readonly #end: () => void;

  constructor(catalog: Pick<Catalog, 'resolve' | 'subscribe'>, listener: WantedListener) {
    this.#catalog = catalog;
    this.#listener = listener;
    this.#end = catalog.subscribe(({ keys }) =>
      this.#resolve([...keys].filter((key) => this.#keys.has(key))),
    );
  }

  has(id: string): boolean {
    return this.#counts.has(id);
  }

  want({ added, removed }: Pick<WantedKeys, 'added' | 'removed'>): void {
    const gone = removed.flatMap((key) => this.#drop(key));
    for (const key of added) if (!this.#keys.has(key)) this.#keys.set(key, new Set());
    this.#resolve(added);
    this.#tell(gone.filter((id) => !this.#counts.has(id)));
  }

  close(): void {
    this.#end();
  }

  #resolve(keys: readonly CanonicalKey[]): void {
    const came: string[] = [];
    for (const key of keys) {
      const ids = this.#keys.get(key);
      for (const id of ids === undefined ? [] : this.#catalog.resolve(key)) {
        if (ids?.has(id) === true) continue;
        ids?.add(id);
        const count = this.#counts.get(id) ?? 0;
        this.#counts.set(id, count + 1);
        if (count === 0) came.push(id);
      }
    }
    this.#tell(came);
  }

  /** Ids that it meant and that no other key means. */
  #drop(key: CanonicalKey): readonly string[] {
    const ids = [...(this.#keys.get(key) ?? [])];
    this.#keys.delete(key);
    return ids.filter((id) => {
      const left = (this.#counts.get(id) ?? 0) - 1;
      if (left > 0) this.#counts.set(id, left);
      else this.#counts.delete(id);
      return left <= 0;
    });
  }

  #tell(ids: readonly string[]): void {
    if (ids.length > 0) this.#listener.changed(ids);
  }
}
