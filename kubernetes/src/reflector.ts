import type { Log } from '@lanekeeper/runtime/log';
import type { ApiClient } from './api-client.ts';
import type { KubernetesMetrics } from './kubernetes-metrics.ts';
import { Reflection } from './reflection.ts';
import type { Change, Transform } from './reflected-store.ts';
import type { ReflectorTimes } from './reflector-times.ts';
import type { Collection } from './resources.ts';

export type { Change, Transform } from './reflected-store.ts';
export type { ReflectorTimes } from './reflector-times.ts';

export interface ReflectorOptions<T> {
  readonly client: ApiClient;
  readonly log: Log;
  readonly metrics: KubernetesMetrics;
  readonly place: Collection;
  /** Applied to each object as it is read; nothing else of it is kept. */
  readonly transform: Transform<T>;
  /** Content is new, different (never equal to `old`), or gone. Called synchronously, after the store has changed. */
  readonly onChange?: (change: Change<T>) => void;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly times?: Partial<ReflectorTimes>;
  readonly random?: () => number;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

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
