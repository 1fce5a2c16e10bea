import type { Log } from '@lanekeeper/runtime/log';
import type { ApiClient } from './api-client.ts';
import type { KubernetesMetrics } from './kubernetes-metrics.ts';
import type { Change, Transform } from './reflected-store.ts';
import type { ReflectorTimes } from './reflector-times.ts';
import type { Collection } from './resources.ts';

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
