import { Reflection } from './reflection.ts';
import type { ReflectorOptions } from './reflector-options.ts';

export type { Change, Transform } from './reflected-store.ts';
export type { ReflectorTimes } from './reflector-times.ts';

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

/** Nothing is asked of the server before `start`. */
export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  const reflection = new Reflection(options);
  return {
    store: reflection.store,
    hasSynced: () => reflection.hasSynced(),
    synced: () => reflection.synced,
    silenceMs: () => reflection.silenceMs(),
    start: () => reflection.start(),
    stop: () => reflection.stop(),
  };
}
