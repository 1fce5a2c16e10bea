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

export interface EventRecorder {
  /** Never throws and never waits: an event is a courtesy. Equal notes become a series, a storm is thinned and counted. */
  record(note: EventNote): void;
  /** Sends what is still to be sent, for as long as `timeoutMs`. */
  close(timeoutMs?: number): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: ApiClient;
  readonly log: Log;
  /** `lanekeeper.io/injector` */
  readonly controller: string;
  /** Name of the pod that reports. */
  readonly instance: string;
}
