import type { Log } from '@lanekeeper/runtime/log';
import type { Finding } from '../convert/finding.ts';
import {
  bindNamespaceMetrics,
  type NacosMetrics,
  type NamespaceCounts,
  type NamespaceMetrics,
} from '../nacos-metrics.ts';
import type { Hold } from '../recovery/recovery-watch.ts';

/** What people are told of one namespace of one registry: log lines and numbers. */
export interface FollowerReport {
  readonly metrics: NamespaceMetrics;
  /** Counts what `counts` says whenever somebody asks. */
  count(counts: () => NamespaceCounts): void;
  unusable(service: string, finding: Finding): void;
  unread(reason: string): void;
  read(services: number, seconds: number): void;
  holdBegan(hold: Hold, holdMs: number): void;
  holdEnded(): void;
}

export interface ReportOptions {
  readonly registry: string;
  /** Id of the Nacos namespace, or `public`. */
  readonly namespace: string;
  readonly log: Log;
  readonly metrics: NacosMetrics;
}

export function createFollowerReport({ registry, namespace, log, metrics }: ReportOptions): FollowerReport {
  const who = { registry, namespace };
  const bound = bindNamespaceMetrics(metrics, [registry, namespace]);
  return {
    metrics: bound,
    count: (counts) => bound.count(counts),
    unusable: (service, { code, message }) =>
      log.warn({ ...who, service, code, message }, 'instance_not_usable'),
    unread: (reason) => log.warn({ ...who, reason }, 'nacos_not_read'),
    read: (services, seconds) => log.info({ ...who, services, seconds }, 'nacos_read'),
    holdBegan({ missing, known }, holdMs) {
      bound.lostData();
      log.warn({ ...who, missing, known, holdMs }, 'nacos_data_lost');
    },
    holdEnded: () => log.info(who, 'nacos_data_loss_over'),
  };
}
