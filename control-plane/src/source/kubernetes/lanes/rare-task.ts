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
}): RareTask {
  let timer: NodeJS.Timeout | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    request() {
      if (timer !== undefined) return;
      const wait = Math.max(options.delayMs, lastAt + options.intervalMs - performance.now());
      timer = setTimeout(() => {
        timer = undefined;
        lastAt = performance.now();
        options.run();
      }, wait);
      timer.unref();
    },
    stop: () => clearTimeout(timer),
  };
}
