import type { Counter, Gauge, Histogram, MetricFamily, Metrics } from '@lanekeeper/runtime/metrics';
import type { WatchEnd } from './watch-session.ts';

/** What is counted of all that a process keeps of the API server; one a process. */
export interface KubernetesMetrics {
  readonly lists: MetricFamily<Counter>;
  readonly listSeconds: MetricFamily<Histogram>;
  readonly watches: MetricFamily<Counter>;
  readonly restarts: MetricFamily<Counter>;
  readonly events: MetricFamily<Counter>;
  readonly missed: MetricFamily<Counter>;
  readonly malformed: MetricFamily<Counter>;
  /** Fields of another kind than the API has, left out of objects that were read. */
  readonly malformedFields: MetricFamily<Counter>;
  readonly objects: MetricFamily<Gauge>;
  readonly synced: MetricFamily<Gauge>;
  readonly silence: MetricFamily<Gauge>;
  /** `read` is called before each exposition. */
  readonly onCollect: (read: () => void) => void;
}

const RESOURCE = ['resource'] as const;

export function createKubernetesMetrics(metrics: Metrics): KubernetesMetrics {
  const name = (end: string): string => `lanekeeper_kubernetes_${end}`;
  return {
    lists: metrics.counter({
      name: name('lists_total'),
      help: 'Whole lists read from the API server, by why: first, gone, stuck, audit.',
      labels: [...RESOURCE, 'why'],
    }),
    listSeconds: metrics.histogram({
      name: name('list_seconds'),
      help: 'How long a whole list took.',
      labels: RESOURCE,
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    }),
    watches: metrics.counter({
      name: name('watches_total'),
      help: 'Watches that the API server has opened.',
      labels: RESOURCE,
    }),
    restarts: metrics.counter({
      name: name('watch_restarts_total'),
      help: 'Watches that are over, by reason; ended is what the server does in order.',
      labels: [...RESOURCE, 'reason'],
    }),
    events: metrics.counter({
      name: name('watch_events_total'),
      help: 'Events of watches, by type.',
      labels: [...RESOURCE, 'type'],
    }),
    missed: metrics.counter({
      name: name('watch_missed_total'),
      help: 'Changes that a later list showed and a healthy watch had not; above 0 something drops events.',
      labels: RESOURCE,
    }),
    malformed: metrics.counter({
      name: name('malformed_objects_total'),
      help: 'Objects that could not be read; what was known of them stays.',
      labels: RESOURCE,
    }),
    malformedFields: metrics.counter({
      name: name('malformed_fields_total'),
      help: 'Fields of another kind than expected, left out of objects that were read.',
      labels: RESOURCE,
    }),
    objects: metrics.gauge({ name: name('objects'), help: 'Objects that are kept.', labels: RESOURCE }),
    synced: metrics.gauge({
      name: name('synced'),
      help: '1 once the resource has been read whole.',
      labels: RESOURCE,
    }),
    silence: metrics.gauge({
      name: name('watch_silence_seconds'),
      help: 'How long ago the API server was last heard of; bookmarks come about once a minute.',
      labels: RESOURCE,
    }),
    onCollect: (read) => metrics.onCollect(read),
  };
}

/** The children of one resource; `events` by type and `restarts` by reason are bound when they first happen. */
export interface ResourceMetrics {
  listed(why: ListReason, seconds: number): void;
  opened(): void;
  ended(end: WatchEnd): void;
  event(type: string): void;
  missed(count: number): void;
  malformed(): void;
}

export type ListReason = 'first' | 'gone' | 'stuck' | 'audit';

export function bindResourceMetrics(metrics: KubernetesMetrics, resource: string): ResourceMetrics {
  // So that a rate over it exists before the first one is missed.
  const missed = metrics.missed.with(resource);
  return {
    listed(why, seconds) {
      metrics.lists.with(resource, why).inc();
      metrics.listSeconds.with(resource).observe(seconds);
    },
    opened: () => metrics.watches.with(resource).inc(),
    ended: (end) => metrics.restarts.with(resource, end).inc(),
    event: (type) => metrics.events.with(resource, type.toLowerCase()).inc(),
    missed: (count) => missed.inc(count),
    malformed: () => metrics.malformed.with(resource).inc(),
  };
}
