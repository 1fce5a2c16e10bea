import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { KubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import type { Standing } from '@lanekeeper/protocol/workload-names';
import type { KubePod } from './objects.ts';
import type { ClusterChanges, ClusterTables } from './cluster-tables.ts';

/** What there is of a cluster beside its mesh, for parts of the program that do something about it. */
export interface ClusterAccess {
  /** Live, and empty until all of it has been read once. */
  readonly tables: ClusterTables;
  /** Told of each change after it is in the catalog; the first one has everything. Returns the function that ends it. */
  subscribe(listener: (changes: ClusterChanges) => void): () => void;
  /** How a pod stands: by its labels, or by a lane's selector. Where that changes, its key is told to subscribers. */
  standingOf(pod: KubePod): Standing;
  readonly leadership: Leadership;
  readonly client: ApiClient;
  /** The control plane's own. */
  readonly namespace: string;
  /** This replica's own. */
  readonly pod: string;
  readonly metrics: KubernetesMetrics;
}

/** One of the replicas leads: it does what must not be done twice. */
export interface Leadership {
  isLeader(): boolean;
  /** Told of each change. Returns the function that ends it. */
  subscribe(listener: (isLeader: boolean) => void): () => void;
}
