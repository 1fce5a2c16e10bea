import type { CatalogWriter } from '../../catalog/create-catalog.ts';
import type { ObjectStatuses } from '../../status/object-statuses.ts';
import type { Leadership } from './cluster-access.ts';
import type { LaneAcks } from '../../barrier/lane-acks.ts';
import type { DeclaredLanes } from './follow-cluster.ts';
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
  /** How far the sidecars are, once somebody counts them. */
  follow?(acks: LaneAcks): void;
  stop(): void;
}

/** What a kind is made with. */
export interface KindContext extends WatchContext {
  /** Live, and empty until all of them have been read once. */
  readonly tables: ClusterTables;
  /** Told of each change of the tables after it is in the catalog; the first one has everything. Returns the function that ends it. */
  readonly subscribe: (listener: (changes: ClusterChanges) => void) => () => void;
  /** Resolves once the tables have been read and are in the catalog; rejects when stopped before. */
  readonly clusterKnown: () => Promise<void>;
  /** The lane that all pods are of that a Service (`namespace/name`) selects; undefined: no single one. */
  readonly laneOf: (service: string) => string | undefined;
  /** Takes this for all that is declared of lanes, and puts it in force together. */
  readonly declare: (declared: DeclaredLanes) => void;
  readonly catalog: CatalogWriter;
  readonly statuses: ObjectStatuses;
  readonly isLeader: () => boolean;
  readonly leadership: Leadership;
  /** The control plane's own. */
  readonly namespace: string;
  /** This replica's own. */
  readonly pod: string;
  readonly clusterDomain: string;
}
