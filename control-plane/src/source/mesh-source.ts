import type { Catalog } from '../catalog/catalog.ts';
import type { Authenticator } from '../publish/caller.ts';

/** Where a mesh is known from, and who can say whose token it is: the part of the program that differs by setting. */
export interface MeshSource {
  readonly catalog: Catalog;
  readonly authenticator: Authenticator;
  /** Resolves when all that there is has been read once. */
  start(): Promise<void>;
  /** Why what is served may be old or incomplete; empty: it is not. */
  problems(): readonly string[];
  close(): void | Promise<void>;
}
