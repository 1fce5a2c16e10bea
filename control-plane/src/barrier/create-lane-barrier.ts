import type { Log } from '@lanekeeper/runtime/log';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import { createBarrier, type Barrier } from './barrier.ts';

export interface LaneBarrierOptions {
  readonly catalog: Catalog;
  /** Undefined: there is no API server over which replicas could hear of each other. */
  readonly cluster: ClusterAccess | undefined;
  readonly timeoutMs: number;
  readonly log: Log;
}

/** What a cluster needs is loaded where there is one only. */
export async function createLaneBarrier({
  catalog,
  cluster,
  timeoutMs,
  log,
}: LaneBarrierOptions): Promise<Barrier> {
  const common = { catalog, timeoutMs, log, now: () => performance.now() };
  if (cluster === undefined) return createBarrier(common);
  const { createClusterSharing } = await import('./cluster-sharing.ts');
  return createBarrier({ ...common, sharing: createClusterSharing({ cluster, log }) });
}
