import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import type { DropReason } from '@lanekeeper/protocol/reasons';

/** One service as one source sees it. */
export interface SourceService {
  readonly config: ServiceConfig;
  /** Who may see it: sidecars of these namespaces, or all. */
  readonly exportTo: ExportTo;
}

export type ExportTo = '*' | ReadonlySet<string>;

/** What a source tells the catalog: whole services, new or changed, and the ids of those that are gone. */
export interface SourceChange {
  /** `kubernetes`, `file`, `nacos`. */
  readonly source: string;
  readonly put: readonly SourceService[];
  readonly removed: readonly string[];
  /** What the source says of the mesh beside its services; absent: as before. */
  readonly mesh?: MeshPart;
  /** What gateways serve; absent: as before. */
  readonly edge?: EdgeConfig;
  /** Which of the source's documents says so, where it has several. One that is gone says what holds anyway. */
  readonly document?: string;
  /** Addresses whose pod is another one or stands otherwise than before: services of other sources may know them. */
  readonly addresses?: Iterable<string>;
  /** Those among them whose pod is of another lane than before, or was not known. */
  readonly relaned?: ReadonlySet<string>;
}

/** What Kubernetes knows of the pod at an address, whichever services it belongs to. */
export interface PodFacts {
  readonly pod: string;
  readonly namespace: string;
  /** Absent: baseline. */
  readonly lane?: string;
  readonly zone?: string;
  readonly healthy: boolean;
  readonly dropReason?: DropReason;
  /** What names its lane is no lane name: it is neither of the baseline nor of a lane. */
  readonly isMisnamed: boolean;
}

/** Undefined: no pod of the cluster has that address for itself. */
export type PodLookup = (address: string) => PodFacts | undefined;
