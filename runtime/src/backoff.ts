export interface BackoffOptions {
  /** Upper bound of the first delay. */
  readonly baseMs: number;
  /** No delay is longer. */
  readonly maxMs: number;
  /** In [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

/** Beyond any ceiling in use; keeps the power finite. */
const MAX_DOUBLINGS = 64;

/**
 * How long to wait before try number `attempt` (0 is the first retry): uniform between 0 and `baseMs` doubled each time, at most
 * `maxMs`. Full jitter spreads a herd of clients that failed together best
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const ceiling = Math.min(
    options.maxMs,
    options.baseMs * 2 ** Math.min(Math.max(0, attempt), MAX_DOUBLINGS),
  );
  return (options.random ?? Math.random)() * ceiling;
}
