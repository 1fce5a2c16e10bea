import type { Metrics } from '@lanekeeper/runtime/metrics';

/** Told by the store when a configuration comes. */
export interface ConfigMetrics {
  applied(generation: string): void;
  rejected(): void;
}

export function createConfigMetrics(metrics: Metrics): ConfigMetrics {
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
  return {
    applied(hash) {
      generation.set(generationNumber(hash));
      appliedAt.set(Date.now() / 1000);
    },
    rejected: () => rejected.inc(),
  };
}

/** 48 bits are exact in a double. A label would leave one series behind for each configuration there ever was. */
function generationNumber(generation: string): number {
  const digits = /^[0-9a-f]{1,12}/i.exec(generation)?.[0];
  return digits === undefined ? 0 : Number.parseInt(digits, 16);
}
