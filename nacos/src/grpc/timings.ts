/** All in milliseconds. */
export interface GrpcTimings {
  /** From the first packet to the first health check answered. */
  readonly connect: number;
  /** One request of those that read services. Longer than it takes to find a server hung: that is the reason to be told then. */
  readonly request: number;
  /** Between a health check's answer and the next one. */
  readonly healthEvery: number;
  /**
   * So long a health check may stay unanswered, twice in a row: once may be a pause of the server's, or of our own process. With the
   * pause before, a hung server is found after 7 s at the most.
   */
  readonly healthTimeout: number;
  /** Longest pause while nobody answers: short, for a server's return must be seen, and an attempt costs a few milliseconds. */
  readonly retryAtMost: number;
  /** Longest pause while somebody answers and says no. */
  readonly refusedRetryAtMost: number;
  /** A connection that has lived so long was a good one: pauses begin anew. */
  readonly settled: number;
  /** How often each subscribed service is asked for once more, as a push may have been lost. */
  readonly auditEvery: number;
  /** A push of what such a question has shown comes within so long, or not at all: the server waits 500 before it pushes. */
  readonly pushLate: number;
}

export const GRPC_TIMINGS: GrpcTimings = {
  connect: 3000,
  request: 8000,
  healthEvery: 2000,
  healthTimeout: 2500,
  retryAtMost: 400,
  refusedRetryAtMost: 30_000,
  settled: 10_000,
  auditEvery: 30_000,
  pushLate: 2000,
};
