import type { Counter, Gauge, Histogram, Metrics } from '@lanekeeper/runtime/metrics';
import type { StreamEnd } from './stream-end.ts';
import type { LookEnd } from './wanted-keys.ts';

export interface PublishMetrics {
  readonly streams: Gauge;
  readonly waiting: Gauge;
  readonly bufferedBytes: Gauge;
  readonly interests: Gauge;
  readonly updates: Counter;
  readonly updateBytes: Counter;
  /** Refusals of an update; the name is the one that sidecars count theirs under. */
  readonly rejected: Counter;
  readonly changes: Counter;
  /** Sidecars that a change concerned. */
  readonly concerned: Histogram;
  ended(end: StreamEnd): void;
  /** A look for what sidecars had asked for has ended. */
  looked(how: LookEnd): void;
}

export function createPublishMetrics(metrics: Metrics): PublishMetrics {
  const gauge = (name: string, help: string): Gauge => metrics.gauge({ name, help }).with();
  const counter = (name: string, help: string): Counter => metrics.counter({ name, help }).with();
  const ends = metrics.counter({
    name: 'lanekeeper_discovery_streams_ended_total',
    help: 'Streams that were refused or have ended, by why.',
    labels: ['code'],
  });
  const looks = metrics.counter({
    name: 'lanekeeper_discovery_looks_total',
    help: 'Looks for what sidecars had asked for: done, undone (not possible, or not soon), cut (longer than an answer waits).',
    labels: ['result'],
  });
  return {
    streams: gauge('lanekeeper_discovery_streams', 'Sidecars that are connected to this replica.'),
    waiting: gauge('lanekeeper_discovery_pushes_waiting', 'Sidecars that wait for their turn to be told.'),
    bufferedBytes: gauge(
      'lanekeeper_discovery_buffered_bytes',
      'Updates that wait for the sockets to take them.',
    ),
    interests: gauge(
      'lanekeeper_discovery_keys',
      'Different keys that connected sidecars are interested in.',
    ),
    updates: counter('lanekeeper_discovery_updates_total', 'Updates that were sent.'),
    updateBytes: counter('lanekeeper_discovery_update_bytes_total', 'Bytes of the updates that were sent.'),
    rejected: counter('lanekeeper_config_rejected_total', 'Updates that a sidecar has refused.'),
    changes: counter(
      'lanekeeper_discovery_changes_total',
      'Changes of the catalog after storms were calmed.',
    ),
    concerned: metrics
      .histogram({
        name: 'lanekeeper_discovery_concerned_sidecars',
        help: 'How many sidecars a change of services concerned.',
        buckets: [0, 1, 5, 20, 100, 500, 2000],
      })
      .with(),
    ended: ({ code }) => ends.with(code).inc(),
    looked: (how) => looks.with(how).inc(),
  };
}
