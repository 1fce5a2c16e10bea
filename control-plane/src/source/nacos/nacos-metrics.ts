import type { Counter, Gauge, Histogram, MetricFamily, Metrics } from '@lanekeeper/runtime/metrics';

/** What is counted of all registries; one a process. */
export interface NacosMetrics {
  readonly connected: MetricFamily<Gauge>;
  readonly connections: MetricFamily<Counter>;
  readonly services: MetricFamily<Gauge>;
  readonly instances: MetricFamily<Gauge>;
  readonly followed: MetricFamily<Gauge>;
  readonly told: MetricFamily<Counter>;
  readonly sweeps: MetricFamily<Counter>;
  readonly sweepSeconds: MetricFamily<Histogram>;
  readonly kept: MetricFamily<Gauge>;
  readonly losses: MetricFamily<Counter>;
  readonly findings: MetricFamily<Gauge>;
  /** `read` is called before each exposition. */
  readonly onCollect: (read: () => void) => void;
}

const OF = ['registry', 'namespace'] as const;

export function createNacosMetrics(metrics: Metrics): NacosMetrics {
  const gauge = (name: string, help: string): MetricFamily<Gauge> =>
    metrics.gauge({ name: `lanekeeper_nacos_${name}`, help, labels: OF });
  const counter = (name: string, help: string, ...labels: readonly string[]): MetricFamily<Counter> =>
    metrics.counter({ name: `lanekeeper_nacos_${name}`, help, labels: [...OF, ...labels] });
  return {
    connected: gauge('connected', '1 while a server answers; else what was last known is served.'),
    connections: counter(
      'connections_total',
      'Connections made; after each one a server may have lost its data.',
    ),
    services: gauge('services', 'Services that are known.'),
    instances: gauge('instances', 'Instances that are known, each address and port once.'),
    followed: gauge('followed_services', 'Services that some sidecar needs, whose changes are told at once.'),
    told: counter(
      'changes_total',
      'Lists of instances that a server has told of services that are followed.',
    ),
    sweeps: counter('sweeps_total', 'Times that the services were gone through.', 'why', 'result'),
    sweepSeconds: metrics.histogram({
      name: 'lanekeeper_nacos_sweep_seconds',
      help: 'How long it took to go through the services, by kind: names, or all with their instances.',
      labels: [...OF, 'kind'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30],
    }),
    kept: gauge(
      'kept_instances',
      'Instances that a server lacks since it came back and that are served all the same.',
    ),
    losses: counter('data_losses_total', 'Times that a server came back without most of what it had known.'),
    findings: gauge('findings', 'What cannot be taken as it is; see /status.'),
    onCollect: (read) => metrics.onCollect(read),
  };
}

/** The children of one namespace of one registry. */
export interface NamespaceMetrics {
  connected(): void;
  told(): void;
  swept(kind: string, why: string, seconds: number | 'failed'): void;
  lostData(): void;
  /** `counts` is asked before each exposition. */
  count(counts: () => NamespaceCounts): void;
}

/** What is read when somebody asks. */
export interface NamespaceCounts {
  readonly isConnected: boolean;
  readonly services: number;
  readonly instances: number;
  readonly followed: number;
  readonly kept: number;
  readonly findings: number;
}

export function bindNamespaceMetrics(
  metrics: NacosMetrics,
  labels: readonly [registry: string, namespace: string],
): NamespaceMetrics {
  const bound = {
    connections: metrics.connections.with(...labels),
    told: metrics.told.with(...labels),
    losses: metrics.losses.with(...labels),
  };
  return {
    connected: () => bound.connections.inc(),
    told: () => bound.told.inc(),
    lostData: () => bound.losses.inc(),
    swept(kind, why, seconds) {
      metrics.sweeps.with(...labels, why, seconds === 'failed' ? 'failed' : 'done').inc();
      if (seconds !== 'failed') metrics.sweepSeconds.with(...labels, kind).observe(seconds);
    },
    count(counts) {
      metrics.onCollect(() => {
        const now = counts();
        metrics.connected.with(...labels).set(Number(now.isConnected));
        metrics.services.with(...labels).set(now.services);
        metrics.instances.with(...labels).set(now.instances);
        metrics.followed.with(...labels).set(now.followed);
        metrics.kept.with(...labels).set(now.kept);
        metrics.findings.with(...labels).set(now.findings);
      });
    },
  };
}
