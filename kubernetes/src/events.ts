import type { Log } from '@lanekeeper/runtime/log';
import type { ApiClient } from './api-client.ts';
import { EventSender } from './event-sender.ts';
import type { Resource } from './resources.ts';

/** The object that an event is about. */
export interface Regarding {
  readonly resource: Resource;
  readonly name: string;
  /** Absent: an object without a namespace; its events are written to `default`. */
  readonly namespace?: string;
  readonly uid?: string;
}

export interface EventNote {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** Machine reason in UpperCamelCase: `NotInjected`. */
  readonly reason: string;
  /** What was done or tried, in UpperCamelCase: `Inject`. */
  readonly action: string;
  /** A sentence for people; cut after 1,024 bytes. */
  readonly note: string;
}

export interface EventRecorder {
  /** Never throws and never waits: an event is a courtesy. Equal notes become a series, a storm is thinned and counted. */
  record(note: EventNote): void;
  /** How many notes were not written because there were too many. */
  dropped(): number;
  /** Sends what is still to be sent, for as long as `timeoutMs` (default 2 s). Nothing is recorded afterwards. */
  close(timeoutMs?: number): Promise<void>;
}

export interface EventTimes {
  /** A series is told again no sooner than this. */
  readonly seriesMs: number;
  /** A note that has not come for so long begins a new series. */
  readonly forgetMs: number;
  /** One event more may be written each so many milliseconds, beyond the burst. */
  readonly refillMs: number;
}

/** A controller that goes wrong for each of 10,000 pods writes some 50 events at once and then 30 a minute. */
export const EVENT_TIMES: EventTimes = { seriesMs: 60_000, forgetMs: 600_000, refillMs: 2_000 };

export interface EventRecorderOptions {
  readonly client: ApiClient;
  readonly log: Log;
  /** `lanekeeper.io/injector` */
  readonly controller: string;
  /** Name of the pod that reports. */
  readonly instance: string;
  readonly times?: EventTimes;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

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
