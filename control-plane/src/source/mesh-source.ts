import type { Catalog } from '../catalog/catalog.ts';
import type { CatalogWriter } from '../catalog/create-catalog.ts';
import type { Authenticator } from '../publish/caller.ts';
import type { ClusterAccess } from './kubernetes/cluster-access.ts';
import type { ClusterBoard } from './kubernetes/kubernetes-cluster.ts';
import type { NacosRegistry } from './nacos/registry.ts';
import type { Want } from './source.ts';

/** All that the mesh is known from, and who can say whose token it is: the part of the program that differs by setting. */
export interface MeshSource {
  readonly catalog: Catalog & Pick<CatalogWriter, 'drain'>;
  readonly authenticator: Authenticator;
  /** What else of the cluster may be of use; undefined: there is none. */
  readonly cluster: ClusterAccess | undefined;
  /** The Nacos servers that it is known from; empty: none. */
  readonly registries: readonly NacosRegistry[];
  /** Undefined: no source cares. */
  readonly want: Want | undefined;
  /** Resolves when all that is waited for has been read once. Rejects with a ConfigError where a file is missing or wrong. */
  start(): Promise<void>;
  /** What `start` still waits for and why, as sentences. */
  awaited(): readonly string[];
  /** Why what is served may be old or incomplete, as sentences; empty: it is not. */
  problems(): readonly string[];
  /** What cannot be taken as it is, as sentences that name the object. */
  findings(): readonly string[];
  /** Tells the place where people look how this replica stands, from now on; only where there is such a place. */
  tell(board: ClusterBoard): void;
  /** Another replica may take over what only one of them does. */
  drain(): Promise<void>;
  close(): void;
}
