import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { DiscoveryState } from './discovery-state.ts';
import type { Interests } from './interests.ts';

/** Declares the metrics of the stream to the control plane; they are read at each exposition. */
export function registerDiscoveryMetrics(
  metrics: Metrics,
  state: DiscoveryState,
  interests: Interests,
): void {
  const gauge = (name: string, help: string) => metrics.gauge({ name, help }).with();
  const connected = gauge('lanekeeper_config_connected', 'Whether a control plane is there: 1 or 0.');
  const updatedAt = gauge(
    'lanekeeper_config_last_update_timestamp_seconds',
    'When the last update of the control plane was put in force, in Unix time; 0 before the first.',
  );
  const services = gauge('lanekeeper_config_services', 'Services of the mesh that this sidecar holds.');
  const keys = gauge('lanekeeper_config_interests', 'Names and addresses that this sidecar asked for.');
  const waits = metrics.counter({
    name: 'lanekeeper_config_waits_total',
    help: 'Destinations that were waited for: answered, late (went on without the answer), lost (the stream ended).',
    labels: ['result'],
  });
  const results = (['answered', 'late', 'lost'] as const).map((how) => ({ how, counter: waits.with(how) }));
  metrics.onCollect(() => {
    const status = state.status();
    connected.set(status.connected ? 1 : 0);
    updatedAt.set((state.updatedAt ?? 0) / 1000);
    services.set(status.services);
    keys.set(interests.book.size);
    for (const { how, counter } of results) counter.inc(interests.waits[how] - counter.value);
  });
}
