import type { NamingReport } from '@lanekeeper/nacos/grpc/naming-report';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import type { Metrics } from '@lanekeeper/runtime/metrics';

/** Counts what servers push, by registry and namespace, for whoever does not trust pushes. */
export function createPushReports(
  metrics: Metrics,
): (server: Pick<ServerOptions, 'name' | 'namespace'>) => NamingReport {
  const labels = ['registry', 'namespace'];
  const pushes = metrics.counter({
    name: 'lanekeeper_nacos_pushes_total',
    help: 'Lists that a server has pushed over gRPC, by what became of them.',
    labels: [...labels, 'outcome'],
  });
  const missed = metrics.counter({
    name: 'lanekeeper_nacos_missed_changes_total',
    help: 'Changes that no push had told of, found by asking again; above 0 something loses events.',
    labels,
  });
  return ({ name, namespace }) => {
    const of = [name, namespace === '' ? 'public' : namespace] as const;
    const lost = missed.with(...of);
    return {
      pushed: (outcome) => pushes.with(...of, outcome).inc(),
      missed: () => lost.inc(),
    };
  };
}
