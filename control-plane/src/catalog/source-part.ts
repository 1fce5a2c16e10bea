import type { MeshPart } from '@lanekeeper/protocol/discovery';

/** What one source, or one document of it, says of the mesh beside its services. */
export interface SourcePart {
  readonly source: string;
  /** Empty: the source has one only. */
  readonly document: string;
  readonly part: MeshPart;
}

export interface MergedPart {
  readonly part: MeshPart;
  /** What contradicts what another one says already and so does not count, as sentences. */
  readonly findings: readonly string[];
}

/** A part, and how people know where it stands. */
export interface OwnedPart {
  readonly part: MeshPart;
  readonly owner: string;
}
