/** All in milliseconds. */
export interface FollowTimings {
  /** Between two looks at the names of all services. */
  readonly namesEvery: number;
  /** Every so many looks all services that nobody follows are asked for. */
  readonly fullEvery: number;
  /** Shortest pause between two looks at the names that sidecars ask for … */
  readonly namesGap: number;
  /** … and between two sweeps with all instances. What takes long is followed by a pause of twenty times its duration. */
  readonly demandGap: number;
  /** A service that nobody wants is followed for so long: sidecars that connect anew let everything go and take it again. */
  readonly linger: number;
  readonly retryBase: number;
  readonly retryAtMost: number;
}

export const FOLLOW_TIMINGS: FollowTimings = {
  namesEvery: 30_000,
  fullEvery: 10,
  namesGap: 500,
  demandGap: 5_000,
  linger: 30_000,
  retryBase: 500,
  retryAtMost: 30_000,
};
