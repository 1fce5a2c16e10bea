import type { Log } from '@lanekeeper/runtime/log';
import type { NextStep } from './after-watch.ts';
import { bindResourceMetrics, type KubernetesMetrics, type ListReason } from './kubernetes-metrics.ts';
import type { WatchOutcome } from './watch-session.ts';

/** What a reflector says of its life: counted, and for people in the log. */
export interface ReflectionReport {
  listed(why: ListReason, ms: number): void;
  listFailed(why: ListReason, attempt: number, err: unknown): void;
  /** `failures`: since the last success. */
  opened(failures: number): void;
  event(type: string): void;
  over(outcome: WatchOutcome, step: NextStep, livedMs: number): void;
  /** An audit has put `count` objects right; they were missed, or only late because the watch had broken. */
  behind(count: number, isMissed: boolean): void;
  auditFailed(err: unknown): void;
  malformed(key: string, err: unknown): void;
  handlerFailed(key: string, err: unknown): void;
}

/** A failure that goes on is said once, then now and then. */
const SAY_EVERY = 20;

export function createReflectionReport(
  metrics: KubernetesMetrics,
  log: Log,
  resource: string,
): ReflectionReport {
  const counts = bindResourceMetrics(metrics, resource);
  const levelOf = (attempt: number): 'warn' | 'debug' => (attempt % SAY_EVERY === 0 ? 'warn' : 'debug');
  return {
    listed: (why, ms) => counts.listed(why, ms / 1_000),
    listFailed: (list, attempt, err) =>
      log[levelOf(attempt)]({ resource, list, attempt, err }, 'kubernetes_list_failed'),
    opened(failures) {
      counts.opened();
      if (failures > 0) log.info({ resource, failures }, 'kubernetes_watch_back');
    },
    event: counts.event,
    over({ end, error }, { troubles, pauseMs, list }, livedMs) {
      if (end === 'stopped') return;
      counts.ended(end);
      const fields = { resource, end, livedMs: Math.round(livedMs), pauseMs: Math.round(pauseMs), list };
      const attempt = troubles.failures - 1;
      if (error === undefined) log.debug(fields, 'kubernetes_watch_over');
      else log[levelOf(attempt)]({ ...fields, attempt, err: error }, 'kubernetes_watch_broke');
    },
    behind(count, isMissed) {
      if (isMissed) counts.missed(count);
      log.warn({ resource, count, isMissed }, 'kubernetes_watch_behind');
    },
    auditFailed: (err) => log.warn({ resource, err }, 'kubernetes_audit_failed'),
    malformed(key, err) {
      counts.malformed();
      log.warn({ resource, key, err }, 'kubernetes_object_malformed');
    },
    handlerFailed: (key, err) => log.error({ resource, key, err }, 'kubernetes_handler_failed'),
  };
}
