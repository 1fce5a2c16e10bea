import type { Catalog } from '../catalog/catalog.ts';
import type { Authenticator } from '../publish/caller.ts';
import type { ReplicaStatus } from '../status/mesh-status.ts';

/** Where a mesh is known from, and who can say whose token it is: the part of the program that differs by setting. */
export interface MeshSource {
  readonly catalog: Catalog;
  readonly authenticator: Authenticator;
  /** Resolves when all that there is has been read once. */
  start(): Promise<void>;
  /** Why what is served may be old or incomplete, as sentences; empty: it is not. */
  problems(): readonly string[];
  /** Tells the place where people look how this replica stands, from now on; only where there is such a place. */
  tell(status: () => ReplicaStatus): void;
  /** Another replica may take over what only one of them does. */
  drain(): Promise<void>;
  close(): void;
}
