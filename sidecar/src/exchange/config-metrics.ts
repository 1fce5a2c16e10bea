import type { Metrics } from '@lanekeeper/runtime/metrics';

/** What the store tells of the configurations that came. */
export interface ConfigStatus {
  readonly generation: string;
  /** RFC 3339; null before the first. */
  readonly acceptedAt: string | null;
  readonly rejected: number;
}

/** Declares the metrics of the mesh configuration; `status` is read at each exposition. */
export function registerConfigMetrics(metrics: Metrics, status: () => ConfigStatus): void {
  const generation = metrics
    .gauge({
      name: 'lanekeeper_config_generation',
      help: 'The configuration in use, as a number (the first 12 hex digits of its content hash): equal numbers, equal configurations.',
    })
    .with();
  const appliedAt = metrics
    .gauge({
      name: 'lanekeeper_config_applied_timestamp_seconds',
      help: 'When the configuration in use was taken, in Unix time; 0 before the first.',
    })
    .with();
  const rejected = metrics
    .counter({
      name: 'lanekeeper_config_rejected_total',
      help: 'Configurations that were refused; the last good one stays in use.',
    })
    .with();
  metrics.onCollect(() => {
    const now = status();
    generation.set(generationNumber(now.generation));
    appliedAt.set(now.acceptedAt === null ? 0 : Date.parse(now.acceptedAt) / 1000);
    rejected.inc(now.rejected - rejected.value);
  });
}

/** 48 bits are exact in a double. A label would leave one series behind for each configuration there ever was. */
function generationNumber(generation: string): number {
  const digits = /^[0-9a-f]{1,12}/i.exec(generation)?.[0];
  return digits === undefined ? 0 : Number.parseInt(digits, 16);
}
