import { isDeepStrictEqual } from 'node:util';
import { keyOf, type KubeObject } from './kube-object.ts';
import { readResourceVersion, type ResourceVersion } from './resource-version.ts';

export type Change<T> =
  | { readonly kind: 'added'; readonly key: string; readonly value: T }
  | { readonly kind: 'updated'; readonly key: string; readonly value: T; readonly old: T }
  | { readonly kind: 'deleted'; readonly key: string; readonly old: T };

/** Undefined: the object is not kept. Throwing counts the object as malformed and keeps what was known of it. */
export type Transform<T> = (object: KubeObject) => T | undefined;

export interface ReflectedStoreOptions<T> {
  readonly transform: Transform<T>;
  /** Called after the store has changed; content is never equal to the old one. */
  readonly onChange: (change: Change<T>) => void;
  readonly onMalformed: (key: string, error: unknown) => void;
}

/** What `transform` made of an object, and of which version of it. */
export interface Reading<T> {
  readonly key: string;
  readonly version: ResourceVersion;
  /** Undefined: not kept. */
  readonly value: T | undefined;
}

/**
 * The objects of a collection as last known. Lists and watches feed it in any order, for it orders by version itself: nothing that
 * is older than what is known, or than the last whole list, changes it.
 */
export class ReflectedStore<T> {
  readonly values = new Map<string, T>();
  readonly #versions = new Map<string, ResourceVersion>();
  readonly #options: ReflectedStoreOptions<T>;
  /** The last whole list; what it does not have was gone by then. */
  #floor: ResourceVersion = Number.NaN;
  /** Deletions since an audit began, by key. */
  #tombstones: Map<string, ResourceVersion> | undefined;

  constructor(options: ReflectedStoreOptions<T>) {
    this.#options = options;
  }

  /** Undefined where the object makes no sense: it is counted, and what was known of it stays. */
  read(object: KubeObject): Reading<T> | undefined {
    const key = keyOf(object);
    try {
      const version = readResourceVersion(object.metadata.resourceVersion);
      return { key, version, value: this.#options.transform(object) };
    } catch (error) {
      this.#options.onMalformed(key, error);
      return undefined;
    }
  }

  /** An event of a watch. */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    const version = readResourceVersion(object.metadata.resourceVersion);
    const key = keyOf(object);
    if (version <= this.#floor || version <= this.#known(key)) return;
    if (type === 'DELETED') return this.#remove(key, version);
    const reading = this.read(object);
    if (reading === undefined) this.#versions.set(key, version);
    else this.#put(reading);
  }

  /** A whole list takes the place of all that was known. `kept`: keys that are there but could not be read. */
  replace(
    readings: ReadonlyMap<string, Reading<T>>,
    kept: ReadonlySet<string>,
    version: ResourceVersion,
  ): void {
    for (const key of [...this.#versions.keys()]) {
      if (!readings.has(key) && !kept.has(key)) this.#remove(key, version);
    }
    for (const reading of readings.values()) this.#put(reading);
    this.#floor = version;
  }

  /** Begins to compare: from now on deletions are remembered. */
  beginAudit(): Audit<T> {
    const tombstones = new Map<string, ResourceVersion>();
    this.#tombstones = tombstones;
    const present = new Set<string>();
    const suspects = new Map<string, Reading<T>>();
    return {
      see: (object) => {
        const key = keyOf(object);
        present.add(key);
        if (this.#known(key) >= readResourceVersion(object.metadata.resourceVersion)) return;
        const reading = this.read(object);
        if (reading !== undefined) suspects.set(key, reading);
      },
      differences: (version) => this.#differences({ present, suspects, tombstones, version }),
      repair: (version) => {
        const missed = this.#differences({ present, suspects, tombstones, version });
        for (const { key, reading } of missed) {
          if (reading === undefined) this.#remove(key, version);
          else this.#put(reading);
        }
        if (!(version <= this.#floor)) this.#floor = version;
        return missed.length;
      },
      end: () => (this.#tombstones = undefined),
    };
  }

  #differences(seen: Seen<T>): readonly Difference<T>[] {
    const missed: Difference<T>[] = [];
    for (const [key, reading] of seen.suspects) {
      const known = Math.max(this.#known(key), seen.tombstones.get(key) ?? Number.NEGATIVE_INFINITY);
      if (reading.value !== undefined || this.values.has(key)) {
        if (!(known >= reading.version)) missed.push({ key, reading });
      }
    }
    for (const [key, known] of this.#versions) {
      if (!seen.present.has(key) && known <= seen.version) missed.push({ key, reading: undefined });
    }
    return missed;
  }

  #known(key: string): ResourceVersion {
    return this.#versions.get(key) ?? Number.NEGATIVE_INFINITY;
  }

  #put({ key, version, value }: Reading<T>): void {
    const old = this.values.get(key);
    if (value === undefined) {
      this.#remove(key, version);
      return;
    }
    this.#versions.set(key, version);
    if (old === undefined) {
      this.values.set(key, value);
      this.#options.onChange({ kind: 'added', key, value });
    } else if (!isDeepStrictEqual(old, value)) {
      this.values.set(key, value);
      this.#options.onChange({ kind: 'updated', key, value, old });
    }
  }

  #remove(key: string, version: ResourceVersion): void {
    this.#versions.delete(key);
    this.#tombstones?.set(key, version);
    const old = this.values.get(key);
    if (old === undefined) return;
    this.values.delete(key);
    this.#options.onChange({ kind: 'deleted', key, old });
  }
}

/** Compares the store with a list that is read while a watch goes on. */
export interface Audit<T> {
  /** An object of the list, as it stands at the list's version. */
  see(object: KubeObject): void;
  /** What the watch has not brought (yet), though it stood in the list of `version` or was gone from it. */
  differences(version: ResourceVersion): readonly Difference<T>[];
  /** Puts the differences right; returns how many there were. */
  repair(version: ResourceVersion): number;
  end(): void;
}

export interface Difference<T> {
  readonly key: string;
  /** Undefined: gone. */
  readonly reading: Reading<T> | undefined;
}

interface Seen<T> {
  readonly present: ReadonlySet<string>;
  readonly suspects: ReadonlyMap<string, Reading<T>>;
  readonly tombstones: ReadonlyMap<string, ResourceVersion>;
  readonly version: ResourceVersion;
}
