import type { CatalogWriter } from '../../catalog/create-catalog.ts';
import type { ObjectStatuses } from '../../status/object-statuses.ts';
import type { ClusterChanges, ClusterTables } from './cluster-tables.ts';
import type { WatchContext } from './watch-table.ts';

/** Kinds that are watched beside Services and pods (lanes, Gateway API, Ingress), and what they are in the mesh. */
export interface ClusterKind {
  start(): void;
  /** Resolves once all of it has been read and is in the catalog; rejects when stopped before. */
  synced(): Promise<void>;
  /** Why what is known of it may be old or incomplete, as sentences. */
  problems(): readonly string[];
  /** What in it cannot be taken as it is, as sentences that name the object. */
  findings(): readonly string[];
  stop(): void;
}

/** What a kind is made with. */
export interface KindContext extends WatchContext {
  /** Live, and empty until all of them have been read once. */
  readonly tables: ClusterTables;
  /** Told of each change of the tables after it is in the catalog; the first one has everything. Returns the function that ends it. */
  readonly subscribe: (listener: (changes: ClusterChanges) => void) => () => void;
  readonly catalog: CatalogWriter;
  readonly statuses: ObjectStatuses;
  readonly isLeader: () => boolean;
  /** The control plane's own. */
  readonly namespace: string;
  readonly clusterDomain: string;
}
