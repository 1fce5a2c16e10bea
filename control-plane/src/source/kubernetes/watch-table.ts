import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { KubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { createReflector, type Reflector, type ReflectorTimes } from '@lanekeeper/kubernetes/reflector';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { Log } from '@lanekeeper/runtime/log';
import type { TableChanges } from './cluster-tables.ts';
import { FieldReader } from './read/fields.ts';
import { TableBatch } from './table-batch.ts';

export interface WatchContext {
  readonly client: ApiClient;
  readonly log: Log;
  readonly metrics: KubernetesMetrics;
  readonly times?: Partial<ReflectorTimes>;
  /** Between two looks for a kind that the API server does not serve; default 10 s. */
  readonly lookAgainMs?: number;
}

export interface TableOptions<T> {
  readonly resource: Resource;
  readonly read: (object: KubeObject, reader: FieldReader) => T | undefined;
  readonly fieldSelector?: string;
  /** There is something to take. */
  readonly onPending: () => void;
}

/** One kind of object: what is known of it, and what of that has changed since it was last taken. */
export interface WatchedTable<T> extends Reflector<T> {
  take(): TableChanges<T>;
  isUnchanged(): boolean;
  /** Why it may be old or incomplete, as sentences. */
  problems(): readonly string[];
}

/** What is known may be old once the server has been silent for so long: bookmarks come about once a minute. */
const WORRYING_SILENCE_MS = 180_000;

export function watchTable<T>(context: WatchContext, options: TableOptions<T>): WatchedTable<T> {
  const { resource, read, fieldSelector, onPending } = options;
  const batch = new TableBatch<T>();
  const malformed = context.metrics.malformedFields.with(resource.plural);
  const reader = new FieldReader(() => malformed.inc());
  const reflector = createReflector<T>({
    ...context,
    place: { resource },
    transform: (object) => read(object, reader),
    onChange(change) {
      batch.add(change);
      onPending();
    },
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  });
  return {
    ...reflector,
    take: () => batch.take(reflector.store),
    isUnchanged: () => batch.isEmpty,
    problems: () => problemsOf(reflector, resource.plural),
  };
}

/** Why what a reflector knows may be old or incomplete, as sentences. */
export function problemsOf(
  reflector: Pick<Reflector<unknown>, 'hasSynced' | 'silenceMs'>,
  plural: string,
): readonly string[] {
  if (!reflector.hasSynced()) return [`${plural} have not been read from the API server yet`];
  const silenceMs = reflector.silenceMs();
  if (silenceMs < WORRYING_SILENCE_MS) return [];
  return [
    `nothing has been heard from the API server about ${plural} for ${Math.round(silenceMs / 1_000)} s`,
  ];
}
