import { isFields, type KubeObject } from '../kube-object.ts';

export interface StoredEvent {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** `group/version/plural` */
  readonly collection: string;
  readonly object: KubeObject;
}

/** What a test writes: everything but what the server adds. */
export interface NewObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export type WriteResult =
  { readonly object: KubeObject } | { readonly refused: 'NotFound' | 'Conflict' | 'AlreadyExists' };

/** Objects with one counter for all of them and a history, as etcd keeps them. */
export class VersionedObjects {
  readonly #collections = new Map<string, Map<string, KubeObject>>();
  #history: StoredEvent[] = [];
  #version = 100;
  /** Events up to this version are forgotten. */
  #compacted = 0;
  #uid = 0;
  readonly #onCommit: (event: StoredEvent) => void;

  constructor(onCommit: (event: StoredEvent) => void) {
    this.#onCommit = onCommit;
  }

  get version(): number {
    return this.#version;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get(collection: string, key: string): KubeObject | undefined {
    return this.#collections.get(collection)?.get(key);
  }

  /** Of one namespace, or of all. */
  list(collection: string, namespace = ''): readonly KubeObject[] {
    const all = [...(this.#collections.get(collection)?.entries() ?? [])].sort(([a], [b]) =>
      a < b ? -1 : 1,
    );
    return all
      .filter(([key]) => namespace === '' || key.startsWith(`${namespace}/`))
      .map(([, object]) => object);
  }

  create(collection: string, object: NewObject): WriteResult {
    if (this.get(collection, keyOf(object)) !== undefined) return { refused: 'AlreadyExists' };
    this.#uid += 1;
    return this.#write('ADDED', collection, object, `uid-${this.#uid}`);
  }

  update(collection: string, object: NewObject): WriteResult {
    const old = this.get(collection, keyOf(object));
    if (old === undefined) return { refused: 'NotFound' };
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      return { refused: 'Conflict' };
    }
    return this.#write('MODIFIED', collection, object, old.metadata.uid ?? '');
  }

  /** JSON merge patch (RFC 7396). */
  merge(collection: string, key: string, patch: unknown): WriteResult {
    const old = this.get(collection, key);
    if (old === undefined) return { refused: 'NotFound' };
    const merged = mergePatch(old, patch);
    return isNewObject(merged) ? this.update(collection, merged) : { refused: 'Conflict' };
  }

  remove(collection: string, key: string): WriteResult {
    const old = this.get(collection, key);
    if (old === undefined) return { refused: 'NotFound' };
    this.#collections.get(collection)?.delete(key);
    this.#version += 1;
    const object = withVersion(old, this.#version, old.metadata.uid ?? '');
    this.#commit({ version: this.#version, type: 'DELETED', collection, object });
    return { object };
  }

  /** Undefined: some of them are forgotten. */
  since(version: number): readonly StoredEvent[] | undefined {
    return version < this.#compacted ? undefined : this.#history.filter((event) => event.version > version);
  }

  /** Forgets all history. */
  compact(): void {
    this.#compacted = this.#version;
    this.#history = [];
  }

  /** Objects stay, the counter goes on (others' objects have changed) or back, as when a backup is restored. */
  jumpTo(version: number): void {
    this.#version = version;
    this.#compacted = version;
    this.#history = [];
  }

  #write(type: 'ADDED' | 'MODIFIED', collection: string, object: NewObject, uid: string): WriteResult {
    this.#version += 1;
    const stored = withVersion(object, this.#version, uid);
    let objects = this.#collections.get(collection);
    if (objects === undefined) this.#collections.set(collection, (objects = new Map()));
    objects.set(keyOf(object), stored);
    this.#commit({ version: this.#version, type, collection, object: stored });
    return { object: stored };
  }

  #commit(event: StoredEvent): void {
    this.#history.push(event);
    this.#onCommit(event);
  }
}

function keyOf({ metadata: { namespace, name } }: NewObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function withVersion(object: NewObject, version: number, uid: string): KubeObject {
  return { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(version) } };
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged: Record<string, unknown> = isFields(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}

export function isNewObject(value: unknown): value is NewObject {
  return isFields(value) && isFields(value['metadata']) && typeof value['metadata']['name'] === 'string';
}
