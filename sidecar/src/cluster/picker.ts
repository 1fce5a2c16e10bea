import type { Dropped, Endpoint, Subset } from '../route/snapshot.ts';

/** Chooses one endpoint of a subset. Reads loads and ejections, changes nothing. */
export interface Picker {
  /** Undefined: the subset has no endpoint that may be used now. */
  pick(subset: Subset, query: PickQuery): Endpoint | undefined;
  /** Why endpoints of the subset are not candidates now; for hops and explain. Cheap when nothing is ejected. */
  dropped(subset: Subset, query: PickQuery): readonly Dropped[];
}

export interface PickQuery {
  /** Endpoint keys on which this request has failed already. */
  readonly tried: ReadonlySet<string> | undefined;
  /** The endpoint that the application chose itself; kept when it is usable and lies in the subset. */
  readonly preferred: Endpoint | undefined;
}
