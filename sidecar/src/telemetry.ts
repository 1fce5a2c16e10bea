import { randomBytes } from 'node:crypto';
import type { RootLog } from '@lanekeeper/runtime/log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { registerProcessMetrics } from '@lanekeeper/runtime/process-metrics';
import type { SidecarConfig } from './config.ts';
import type { SnapshotStore } from './discovery/store.ts';
import { createAccessLog, type AccessLog } from './exchange/access-log.ts';
import { Audit } from './exchange/audit.ts';
import { registerConfigMetrics } from './exchange/config-metrics.ts';
import { DataPathMetrics } from './exchange/data-path-metrics.ts';
import { HopRing } from './exchange/hop-ring.ts';
import type { Spans } from './exchange/spans.ts';
import { describeDecision } from './route/describe-decision.ts';

/** Everything that watches; nothing here changes where a request goes. */
export interface Telemetry {
  readonly metrics: Metrics;
  readonly dataPath: DataPathMetrics;
  readonly hops: HopRing;
  readonly audit: Audit;
  readonly accessLog: AccessLog;
  /** Undefined: no OTLP endpoint is configured; OpenTelemetry is not even loaded. */
  readonly spans: Spans | undefined;
  close(): Promise<void>;
}

export interface TelemetryOptions {
  readonly config: SidecarConfig;
  readonly log: RootLog;
  readonly store: Pick<SnapshotStore, 'current' | 'status'>;
}

export async function createTelemetry({ config, log, store }: TelemetryOptions): Promise<Telemetry> {
  const { hopCapacity, accessLogSample, otlpEndpoint } = config.telemetry;
  const metrics = new Metrics();
  const stopSampling = registerProcessMetrics(metrics);
  const text = { idPrefix: randomBytes(4).toString('hex'), describe: describeDecision };
  registerConfigMetrics(metrics, () => store.status());
  const exported = otlpEndpoint === undefined ? undefined : await loadSpans(otlpEndpoint, config, metrics);
  return {
    metrics,
    dataPath: new DataPathMetrics(metrics, (lane) => store.current().laneNames.has(lane)),
    hops: new HopRing({ capacity: hopCapacity, ...text }),
    audit: new Audit(),
    accessLog: createAccessLog({ log, sample: accessLogSample, random: Math.random, text }),
    spans: exported?.spans,
    async close() {
      stopSampling();
      await exported?.close();
    },
  };
}

async function loadSpans(endpoint: string, config: SidecarConfig, metrics: Metrics) {
  const { createOtlpSpans } = await import('./exchange/otlp-spans.ts');
  return createOtlpSpans({ endpoint, workload: config.workload, metrics });
}
