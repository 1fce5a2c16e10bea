import type { KubeEndpointSlice, KubeNamespace, KubePod, KubeService } from './objects.ts';

/** What is known of the cluster. Live maps: read them when told of a change, keep no reference to their insides beyond it. */
export interface ClusterTables {
  /** By name. */
  readonly namespaces: ReadonlyMap<string, KubeNamespace>;
  /** By `namespace/name`, as the others. */
  readonly pods: ReadonlyMap<string, KubePod>;
  readonly services: ReadonlyMap<string, KubeService>;
  readonly slices: ReadonlyMap<string, KubeEndpointSlice>;
}

/**
 * Keys whose object came, changed or went since the last call. `before` holds what stood there at the last call (absent for what
 * is new), for who must undo what it had made of it; what stands there now is in the tables.
 */
export interface TableChanges<T> {
  readonly keys: ReadonlySet<string>;
  readonly before: ReadonlyMap<string, T>;
}

export interface ClusterChanges {
  readonly namespaces: TableChanges<KubeNamespace>;
  readonly pods: TableChanges<KubePod>;
  readonly services: TableChanges<KubeService>;
  readonly slices: TableChanges<KubeEndpointSlice>;
}

export interface ClusterWatch {
  readonly tables: ClusterTables;
  /** Whether each table has been read whole once; before that an absent object may just not be known yet. */
  hasSynced(): boolean;
  /** Resolves once all tables have been read whole and the listener has been told of it; rejects when stopped before. */
  synced(): Promise<void>;
  /**
   * `listener` is told of all changes since its last call, at most once per turn of the event loop, and never before all tables have
   * been read: its first call has everything as changed. One listener; a second call is an error.
   */
  onChange(listener: (changes: ClusterChanges) => void): void;
  /** Why the tables may be old or incomplete, as sentences; empty: they are not. */
  problems(): readonly string[];
  start(): void;
  stop(): void;
}
