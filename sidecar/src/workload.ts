/** Who this sidecar serves; fixed for the life of the process, but for the lane where selectors give it one. */
export interface Workload {
  /** Service name for lane membership; empty for a gateway. */
  readonly app: string;
  readonly namespace: string;
  /** `base` for a pod of no lane. */
  readonly lane: string;
  readonly pod: string;
  readonly zone: string | undefined;
}
