/** Something in the cluster that cannot be taken as it is; the mesh goes on without it. */
export interface ConversionProblem {
  readonly code: 'bad-export-to' | 'misnamed-lane';
  /** `Service shop/b`, `Pod shop/b-1`. */
  readonly object: string;
  readonly message: string;
}
