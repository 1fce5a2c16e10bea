import type { Log } from '@lanekeeper/runtime/log';
import type { CatalogWriter } from '../catalog/create-catalog.ts';
import type { Presence } from '../publish/presence.ts';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import { createClusterDraining } from './cluster-draining.ts';
import { drainingAddresses } from './draining-addresses.ts';
import type { DrainingPods } from './draining-pods.ts';
import { createLocalDraining } from './local-draining.ts';

export interface DrainingDeps {
  /** Endpoints of workloads that are about to go are dropped there. */
  readonly catalog: Pick<CatalogWriter, 'drain'>;
  /** Undefined: there is no API server. */
  readonly cluster: ClusterAccess | undefined;
  readonly log: Log;
}

/** Workloads that are about to go: what sidecars say of it, and what becomes of that. */
export interface Draining {
  readonly presence: Presence;
  /** Undefined without an API server. */
  readonly pods: DrainingPods | undefined;
  /** Not before the cluster has been read once. */
  start(): void;
  close(): void;
}

export function createDraining({ catalog, cluster, log }: DrainingDeps): Draining {
  if (cluster !== undefined) return drainPods(catalog, cluster, log);
  const local = createLocalDraining({ tell: (addresses) => catalog.drain(addresses) });
  return { ...local, pods: undefined, start: () => undefined };
}

function drainPods(catalog: DrainingDeps['catalog'], cluster: ClusterAccess, log: Log): Draining {
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
