import type { EventNote, EventRecorderOptions, EventTimes } from './event-note.ts';
import { EventSender } from './event-sender.ts';

export interface EventRecorder {
  /** Never throws and never waits: an event is a courtesy. Equal notes become a series, a storm is thinned and counted. */
  record(note: EventNote): void;
  /** How many notes were not written because there were too many. */
  dropped(): number;
  /** Sends what is still to be sent, for as long as `timeoutMs` (default 2 s). Nothing is recorded afterwards. */
  close(timeoutMs?: number): Promise<void>;
}

/** A controller that goes wrong for each of 10,000 pods writes some 50 events at once and then 30 a minute. */
export const EVENT_TIMES: EventTimes = { seriesMs: 60_000, forgetMs: 600_000, refillMs: 2_000 };

/** Writes events of events.k8s.io/v1; needs the verbs create and patch on them. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const times = options.times ?? EVENT_TIMES;
  const sender = new EventSender({ ...options, times, now: options.now ?? (() => performance.now()) });
  return {
    record: (note) => sender.record(note),
    dropped: () => sender.dropped,
    close: (timeoutMs = 2_000) => sender.close(timeoutMs),
  };
}
