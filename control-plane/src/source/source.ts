import type { CanonicalKey } from '../catalog/catalog.ts';

/** One place that the mesh is known from. It writes to the catalog that it was given when it was made. */
export interface Source {
  readonly name: SourceName;
  /** Resolves when all that there is has been read once; stays pending, and tells why in `problems`, while it cannot be read. */
  start(): Promise<void>;
  /** Why what it says may be old or incomplete, as sentences; empty: it is not. */
  problems(): readonly string[];
  /** What in it cannot be taken as it is, as sentences that name the object. */
  findings(): readonly string[];
  /**
   * Some sidecar of this replica is interested in these keys now, none is in those any more; told once for all changes of one turn
   * of the event loop. Keys of a sidecar that connects anew go and come back. Absent: it reads everything anyway.
   */
  want?: Want;
  close(): void;
}

export type SourceName = 'kubernetes' | 'file' | 'nacos';

/** Resolves when what nobody knew of the added keys has been looked for; undefined: there is nothing to look for. Never rejects. */
export type Want = (change: WantedKeys) => Promise<void> | undefined;

export interface WantedKeys {
  readonly added: readonly CanonicalKey[];
  readonly removed: readonly CanonicalKey[];
}
