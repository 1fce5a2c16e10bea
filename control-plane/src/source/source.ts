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

/** Empty: an answer to what is asked for needs nothing more. Each look is told once for all keys of one turn that it concerns. */
export type Want = (change: WantedKeys) => readonly Look[];

export interface WantedKeys {
  readonly added: readonly CanonicalKey[];
  readonly removed: readonly CanonicalKey[];
  /**
   * Some sidecar has just asked for these, whoever has been interested in them before, and waits for the answer. What nobody knew
   * when the last one asked may be known by now.
   */
  readonly asked: readonly CanonicalKey[];
}

/** Something is being looked for, or read anew, that an answer should wait for. */
export interface Look {
  readonly keys: ReadonlySet<CanonicalKey>;
  /** `unknown`: nobody knows what they mean, and whoever finds it may answer; `stale`: what is known of it may be old. */
  readonly why: 'unknown' | 'stale';
  /** False: it could not be done, or not soon. Never rejects. */
  readonly over: Promise<boolean>;
}
