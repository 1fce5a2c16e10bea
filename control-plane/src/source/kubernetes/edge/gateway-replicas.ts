import { isDeepStrictEqual } from 'node:util';
import type { Log } from '@lanekeeper/runtime/log';
import type { Leadership } from '../cluster-access.ts';
import type { Verdict } from '../lanes/conditions.ts';
import { scaleFleet, type FleetClient, type ReplicaBounds } from './scale-fleet.ts';

export interface GatewayReplicasOptions {
  readonly client: FleetClient;
  /** Where gateway pods are. */
  readonly namespace: string;
  readonly leadership: Leadership;
  readonly log: Log;
  /** What came of the bounds that were wanted last. */
  readonly tell: (verdict: Verdict) => void;
  /** Between two looks at what others have made of it; default 30 s. */
  readonly lookAgainMs?: number;
}

export interface GatewayReplicas {
  /** Undefined: how many there are is left to others. */
  want(bounds: ReplicaBounds | undefined): void;
  stop(): void;
}

const LOOK_AGAIN_MS = 30_000;

/** Keeps the fleet, as the leader, within what the GatewayConfig of the class says. An upgrade of the chart sets it anew, so it is looked at again. */
export function createGatewayReplicas(options: GatewayReplicasOptions): GatewayReplicas {
  const { client, namespace, leadership, log, tell, lookAgainMs = LOOK_AGAIN_MS } = options;
  let wanted: ReplicaBounds | undefined;
  let isStopped = false;
  let isWorking = false;
  let hasFailed = false;
  let timer: NodeJS.Timeout | undefined;
  async function look(bounds: ReplicaBounds): Promise<void> {
    try {
      const verdict = await scaleFleet(client, namespace, bounds);
      hasFailed = false;
      if (bounds === wanted) tell(verdict);
    } catch (err) {
      if (!hasFailed && !isStopped) log.warn({ err, ...bounds }, 'gateway_not_scaled');
      hasFailed = true;
    }
  }
  async function work(): Promise<void> {
    if (isWorking) return;
    isWorking = true;
    clearTimeout(timer);
    for (let done: ReplicaBounds | undefined; mayWrite() && wanted !== undefined && wanted !== done;) {
      done = wanted;
      await look(done);
    }
    isWorking = false;
    if (mayWrite() && wanted !== undefined) timer = setTimeout(() => void work(), lookAgainMs).unref();
  }
  const mayWrite = (): boolean => !isStopped && leadership.isLeader();
  const endSubscription = leadership.subscribe(() => void work());
  return {
    want(bounds) {
      if (isDeepStrictEqual(bounds, wanted)) return;
      wanted = bounds;
      void work();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      endSubscription();
    },
  };
}
