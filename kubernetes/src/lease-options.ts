import type { Log } from '@lanekeeper/runtime/log';
import type { ApiClient } from './api-client.ts';

/** Durations of client-go (tools/leaderelection), which all of Kubernetes' own components use. */
export const LEASE_TIMES: LeaseTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

export interface LeaseTimes {
  /** Others wait so long after the last renewal that they saw before they take over. */
  readonly leaseMs: number;
  /** A leader that could not renew for so long stops being one. Less than `leaseMs`. */
  readonly renewMs: number;
  /** Between two tries. */
  readonly retryMs: number;
}

export interface LeaderLeaseOptions {
  readonly client: ApiClient;
  readonly log: Log;
  readonly namespace: string;
  /** Of a Lease that exists already. */
  readonly name: string;
  /** Unique among the replicas: the pod's name. */
  readonly identity: string;
  /** Called with each term; `term` aborts when it ends. */
  readonly onElected: (term: AbortSignal) => void;
  readonly onLost: () => void;
  readonly times?: LeaseTimes;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
  readonly random?: () => number;
}
