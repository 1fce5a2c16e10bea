/** What takes long is done so seldom that it takes no more than this share of the time. */
const MOST_SHARE = 0.02;

/** Does something soon after it was asked for, and never more often than every so often. */
export interface RareTask {
  request(): void;
  stop(): void;
}

export function createRareTask(options: {
  /** After the first request of several … */
  readonly delayMs: number;
  /** … and after the last time. */
  readonly intervalMs: number;
  readonly run: () => void;
  /** It has failed; it is done again when it is asked for. */
  readonly onError: (err: unknown) => void;
}): RareTask {
  let timer: NodeJS.Timeout | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  return {
    request() {
      if (timer !== undefined) return;
      const wait = Math.max(options.delayMs, notBefore - performance.now());
      timer = setTimeout(() => {
        timer = undefined;
        const startedAt = performance.now();
        try {
          options.run();
        } catch (err) {
          options.onError(err);
        }
        const now = performance.now();
        notBefore = now + Math.max(options.intervalMs, (now - startedAt) / MOST_SHARE);
      }, wait);
      timer.unref();
    },
    stop: () => clearTimeout(timer),
  };
}
