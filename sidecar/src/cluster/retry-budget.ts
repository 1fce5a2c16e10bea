/** Bounds retries to a share of the requests, so that a failing service is not also flooded. */
export interface RetryBudget {
  /** A first attempt was made. */
  request(): void;
  /** Whether one more retry may be made now; true spends it. */
  tryRetry(): boolean;
}

export interface RetryBudgetOptions {
  /** Retries allowed per request, 0.2 is 20 %. */
  readonly ratio: number;
  /** Retries allowed each second however few requests there are. */
  readonly minPerSecond: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

export const RETRY_BUDGET_DEFAULTS = { ratio: 0.2, minPerSecond: 3 } as const;

const WINDOW_SECONDS = 10;

/** Counts over the last ten seconds, in slots of one second: constant memory, O(1). */
export function createRetryBudget({ ratio, minPerSecond, now }: RetryBudgetOptions): RetryBudget {
  const requests = new Float64Array(WINDOW_SECONDS);
  const retries = new Float64Array(WINDOW_SECONDS);
  let second = Math.floor(now() / 1000);
  let requestSum = 0;
  let retrySum = 0;

  function advance(): number {
    const current = Math.floor(now() / 1000);
    const steps = Math.min(current - second, WINDOW_SECONDS);
    for (let step = 1; step <= steps; step += 1) {
      const slot = (second + step) % WINDOW_SECONDS;
      requestSum -= requests[slot] ?? 0;
      retrySum -= retries[slot] ?? 0;
      requests[slot] = 0;
      retries[slot] = 0;
    }
    if (current - second > WINDOW_SECONDS) {
      requests.fill(0);
      retries.fill(0);
    }
    if (current > second) second = current;
    return second % WINDOW_SECONDS;
  }

  return {
    request() {
      const slot = advance();
      requests[slot] = (requests[slot] ?? 0) + 1;
      requestSum += 1;
    },
    tryRetry() {
      const slot = advance();
      if (retrySum >= Math.floor(ratio * requestSum + minPerSecond * WINDOW_SECONDS)) return false;
      retries[slot] = (retries[slot] ?? 0) + 1;
      retrySum += 1;
      return true;
    },
  };
}
