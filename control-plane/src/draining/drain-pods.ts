import type { Log } from '@lanekeeper/runtime/log';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import { createClusterDraining } from './cluster-draining.ts';
import type { Draining, DrainingCatalog } from './draining.ts';
import { drainingAddresses } from './draining-addresses.ts';

/** Of pods of a cluster: by their uid, told among all replicas. */
export function drainPods(catalog: DrainingCatalog, cluster: ClusterAccess, log: Log): Draining {
  const { tables, leadership, client, metrics, namespace } = cluster;
  const draining = createClusterDraining({
    ...{ client, metrics, namespace, log, pods: tables.pods },
    isLeader: () => leadership.isLeader(),
  });
  const drop = (): void => catalog.drain(drainingAddresses(draining.pods.all(), tables.pods));
  const ends = [
    draining.pods.subscribe(drop),
    // Its address may be another pod's by now.
    cluster.subscribe(({ pods }) => {
      if ([...draining.pods.all().values()].some((pod) => pods.keys.has(pod))) drop();
    }),
  ];
  return {
    ...draining,
    close() {
      for (const end of ends) end();
      draining.close();
    },
  };
}
