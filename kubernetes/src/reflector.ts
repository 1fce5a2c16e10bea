import type { KubeObject } from './kube-object.ts';

/** Keeps a copy of a collection: what `transform` makes of each object, by `namespace/name`. */
export interface Reflector<T> {
  /** Live: reads see what is known now. */
  readonly store: ReadonlyMap<string, T>;
  hasSynced(): boolean;
  /** Resolves with the first whole list; rejects when stopped before. */
  synced(): Promise<void>;
  /** Milliseconds since the server was last heard of (event, bookmark, list); infinite before the first. */
  silenceMs(): number;
  start(): void;
  stop(): void;
}

export interface ReflectorHandler<T> {
  /** Content is new, different (never equal to `old`), or gone. Called synchronously, after the store has changed. */
  onChange(change: Change<T>): void;
}

export type Change<T> =
  | { readonly kind: 'added'; readonly key: string; readonly value: T }
  | { readonly kind: 'updated'; readonly key: string; readonly value: T; readonly old: T }
  | { readonly kind: 'deleted'; readonly key: string; readonly old: T };

/** Undefined: the object is not kept. Throwing counts the object as malformed and keeps what was known of it. */
export type Transform<T> = (object: KubeObject) => T | undefined;
