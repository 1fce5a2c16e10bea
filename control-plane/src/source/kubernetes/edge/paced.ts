import type { Log } from '@lanekeeper/runtime/log';

/** Work that is done soon after it is asked for, but takes a bounded share of the time however often that is. */
export interface Paced {
  schedule(): void;
  stop(): void;
}

export interface PacedOptions {
  readonly run: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** So many times as long as it took, the next one waits. */
const REST = 4;
const MOST_MS = 500;

export function createPaced({ run, now, log }: PacedOptions): Paced {
  let timer: NodeJS.Timeout | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  const begin = (): void => {
    timer = undefined;
    const startedAt = now();
    try {
      run();
    } catch (err) {
      // What was served before goes on; the mistake must be seen.
      log.error({ err }, 'cluster_listener_failed');
    }
    const endedAt = now();
    notBefore = endedAt + Math.min(MOST_MS, REST * (endedAt - startedAt));
  };
  return {
    schedule: () => void (timer ??= setTimeout(begin, Math.max(0, notBefore - now()))),
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
