import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { createLeaderLease } from '@lanekeeper/kubernetes/leader-lease';
import type { Log } from '@lanekeeper/runtime/log';
import type { Leadership } from './cluster-access.ts';

export interface LeadershipOptions {
  readonly client: ApiClient;
  readonly namespace: string;
  /** Unique among the replicas. */
  readonly pod: string;
  readonly log: Log;
}

export interface HeldLeadership extends Leadership {
  start(): void;
  /** Gives it back. */
  stop(): Promise<void>;
}

/** Of a Lease that the chart makes. */
const LEASE = 'lanekeeper-control-plane';

export function createLeadership({ client, namespace, pod, log }: LeadershipOptions): HeldLeadership {
  const listeners = new Set<(isLeader: boolean) => void>();
  const tell = (isLeader: boolean): void => {
    for (const listener of listeners) listener(isLeader);
  };
  const lease = createLeaderLease({
    ...{ client, log, namespace, name: LEASE, identity: pod },
    onElected: () => tell(true),
    onLost: () => tell(false),
  });
  return {
    isLeader: () => lease.isLeader(),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start: () => lease.start(),
    stop: () => lease.stop(),
  };
}
