/** All in milliseconds. */
export interface FollowTimings {
  /** Between two looks at the names of all services. */
  readonly namesEvery: number;
  /** Every so many looks all services that nobody follows are asked for. */
  readonly fullEvery: number;
  /** Shortest pause between two looks of one kind that sidecars ask for; the share of time that they take bounds them beside. */
  readonly demandGap: number;
  /** Nobody waits for a look that does not begin within this. */
  readonly turnWithin: number;
  /** What could not be read when it was asked for is tried again after this. */
  readonly againAfter: number;
  /** A service that nobody wants is followed for so long: sidecars that connect anew let everything go and take it again. */
  readonly linger: number;
  readonly retryBase: number;
  readonly retryAtMost: number;
}

export const FOLLOW_TIMINGS: FollowTimings = {
  namesEvery: 30_000,
  fullEvery: 10,
  demandGap: 200,
  turnWithin: 1_000,
  againAfter: 5_000,
  linger: 30_000,
  retryBase: 500,
  retryAtMost: 30_000,
};
