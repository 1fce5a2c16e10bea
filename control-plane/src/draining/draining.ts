import type { Log } from '@lanekeeper/runtime/log';
import type { CatalogWriter } from '../catalog/create-catalog.ts';
import type { Presence } from '../publish/presence.ts';
import type { ClusterAccess } from '../source/kubernetes/cluster-access.ts';
import type { DrainingPods } from './draining-pods.ts';

/** Endpoints of workloads that are about to go are dropped there. */
export type DrainingCatalog = Pick<CatalogWriter, 'drain'>;

export interface DrainingDeps {
  readonly catalog: DrainingCatalog;
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
