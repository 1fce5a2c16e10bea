import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import { createBarrier, type Barrier } from './barrier.ts';
import type { LaneSharing } from './lane-statement.ts';

export interface LaneBarrierOptions {
  readonly catalog: Catalog;
  /** Undefined: there is no API server over which replicas could hear of each other. */
  readonly cluster: ClusterAccess | undefined;
  readonly timeoutMs: number;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What a cluster needs is loaded where there is one only. */
export async function createLaneBarrier(options: LaneBarrierOptions): Promise<Barrier> {
  const { catalog, cluster, timeoutMs, metrics, log } = options;
  const barrier = createBarrier({
    ...{ catalog, timeoutMs, log, now: () => performance.now() },
    ...(cluster === undefined ? {} : { sharing: await shareIn(cluster, log) }),
  });
  const lanes = metrics.gauge({
    name: 'lanekeeper_lanes_unacknowledged',
    help: 'Lanes whose routing not all sidecars have acknowledged: waiting with their rules, or timed-out.',
    labels: ['state'],
  });
  metrics.onCollect(() => {
    const report = barrier.report();
    for (const state of ['waiting', 'timed-out'] as const)
      lanes.with(state).set(report.filter((lane) => lane.state === state).length);
  });
  return barrier;
}

async function shareIn(cluster: ClusterAccess, log: Log): Promise<LaneSharing> {
  const { createClusterSharing } = await import('./cluster-sharing.ts');
  return createClusterSharing({ cluster, log });
}
