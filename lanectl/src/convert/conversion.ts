/** A Kubernetes object as it is written. */
export type Manifest = Readonly<Record<string, unknown>>;

/** What of an object is done otherwise, or not at all. */
export interface Note {
  /** `Ingress shop/a`. */
  readonly object: string;
  readonly message: string;
}

/** Collects what people should know beside the result. */
export type Tell = (note: Note) => void;
