import type { ServiceConfig } from '@lanekeeper/protocol/model';

/** One service as one source sees it. */
export interface SourceService {
  readonly config: ServiceConfig;
  /** Who may see it: sidecars of these namespaces, or all. */
  readonly exportTo: '*' | ReadonlySet<string>;
}

/** What a source tells the catalog: whole services, new or changed, and the ids of those that are gone. */
export interface SourceChange {
  /** `kubernetes`, `file`, `nacos`. */
  readonly source: string;
  readonly put: readonly SourceService[];
  readonly removed: readonly string[];
}
