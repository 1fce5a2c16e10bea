import type { Resource } from '@lanekeeper/kubernetes/resources';

/** An object of the API server whose status is ours to write. */
export interface ObjectRef {
  readonly resource: Resource;
  /** Absent: a kind that has none. */
  readonly namespace?: string;
  readonly name: string;
}

/** As `metav1.Condition`, but for the time, which is kept while `status` stays the same. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** Says what the status of objects should be. The leader writes what differs, seldom and in the order of coming; the others keep quiet. */
export interface ObjectStatuses {
  /**
   * `status` as it should be; `before` as the object has it now, for what of it is not ours (`conditions` of others stay; the times of
   * equal ones are kept). The same status again costs nothing.
   */
  want(ref: ObjectRef, status: Readonly<Record<string, unknown>>, before: unknown): void;
  /** The object is gone, or not ours any more. */
  forget(ref: ObjectRef): void;
}
