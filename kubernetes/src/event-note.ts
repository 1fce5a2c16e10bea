import type { Log } from '@lanekeeper/runtime/log';
import type { ApiClient } from './api-client.ts';
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

export interface EventTimes {
  /** A series is told again no sooner than this. */
  readonly seriesMs: number;
  /** A note that has not come for so long begins a new series. */
  readonly forgetMs: number;
  /** One event more may be written each so many milliseconds, beyond the burst. */
  readonly refillMs: number;
}

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
