import { Metrics } from '@lanekeeper/runtime/metrics';
import type { ApiClient } from '../api-client.ts';
import { createKubernetesMetrics } from '../kubernetes-metrics.ts';
import type { ReflectorOptions } from '../reflector-options.ts';
import { createReflector, type Change, type Reflector } from '../reflector.ts';
import { fieldsOf } from '../kube-object.ts';
import { PODS } from '../resources.ts';
import type { ApiServer } from './api-server.ts';
import { openClient } from './open-client.ts';
import { createRecordingLog, type LogLine } from './recording-log.ts';

/** A reflector of pods that keeps their label `v`, with all that it said. */
export interface ReflectedPods {
  readonly client: ApiClient;
  readonly reflector: Reflector<string>;
  readonly changes: readonly Change<string>[];
  readonly lines: readonly LogLine[];
  /** Sum of the metric's samples whose labels contain `labels`. */
  count(metric: string, labels?: string): number;
  close(): void;
}

export function reflectPods(
  server: ApiServer,
  options: Partial<ReflectorOptions<string>> = {},
): ReflectedPods {
  const client = openClient(server.url);
  const metrics = new Metrics();
  const { log, lines } = createRecordingLog();
  const changes: Change<string>[] = [];
  const reflector = createReflector<string>({
    client,
    log,
    metrics: createKubernetesMetrics(metrics),
    place: { resource: PODS },
    transform: ({ metadata }) => {
      const value = metadata.labels?.['v'];
      if (value === 'malformed') throw new TypeError('not a pod that we can read');
      return value;
    },
    onChange: (change) => void changes.push(change),
    ...options,
    // Quick enough for a test; still in the order that they have in production.
    times: { backoffBaseMs: 5, backoffMaxMs: 20, graceMs: 200, silenceMs: 60_000, ...options.times },
  });
  reflector.start();
  return {
    client,
    reflector,
    changes,
    lines,
    count: (metric, labels = '') => sumOf(metrics.expose(), metric, labels),
    close() {
      reflector.stop();
      client.close();
    },
  };
}

/** What the server has, as a store of {@link reflectPods} should have it. */
export function podsOf(server: ApiServer): ReadonlyMap<string, string> {
  const pods = new Map<string, string>();
  for (const { metadata } of server.objects.list('/v1/pods')) {
    const v = fieldsOf(metadata.labels)['v'];
    if (typeof v === 'string') pods.set(`${metadata.namespace}/${metadata.name}`, v);
  }
  return pods;
}

export function putPod(server: ApiServer, name: string, v?: string): void {
  const labels = v === undefined ? {} : { labels: { v } };
  server.put({ resource: PODS }, { metadata: { name, namespace: 'shop', ...labels } });
}

export function removePod(server: ApiServer, name: string): void {
  server.remove({ resource: PODS }, name, 'shop');
}

function sumOf(exposition: string, metric: string, labels: string): number {
  return exposition
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
