import type { NodeIdentity } from '@lanekeeper/protocol/discovery';
import type { Caller } from './caller.ts';

/** What sidecars say of the workloads beside them. */
export interface Presence {
  /** Nobody is to be sent there any more. */
  draining(sidecar: SaidBy): void;
  /** A sidecar that is new here; whatever was heard of its workload before is over. */
  serving(sidecar: SaidBy): void;
}

export interface SaidBy {
  /** As it says itself. */
  readonly node: NodeIdentity;
  /** As its token says; undefined where none is asked for. */
  readonly caller: Caller | undefined;
  /** Address and port that it connects from. */
  readonly peer: string;
}
