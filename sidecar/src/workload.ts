/** Who this sidecar serves; fixed for the life of the process. */
export interface Workload {
  /** Service name for lane membership; empty for a gateway. */
  readonly app: string;
  readonly namespace: string;
  /** `base` for a pod without a lane label. */
  readonly lane: string;
  readonly pod: string;
  readonly zone: string | undefined;
}
