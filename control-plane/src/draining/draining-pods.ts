/** Pods whose sidecars have said that they are about to go, as far as this replica has heard. */
export interface DrainingPods {
  /** By the uid of the pod. */
  has(uid: string): boolean;
  /** Uid -> `namespace/name`. */
  all(): ReadonlyMap<string, string>;
  /** Told of each change after it is so. Returns the function that ends it. */
  subscribe(listener: (change: DrainingChange) => void): () => void;
}

export interface DrainingChange {
  /** `namespace/name` */
  readonly pod: string;
  readonly isDraining: boolean;
  /** By its sidecar itself, on a stream of this replica. */
  readonly heardHere: boolean;
}

export interface PodId {
  readonly uid: string;
  /** `namespace/name` */
  readonly pod: string;
}
