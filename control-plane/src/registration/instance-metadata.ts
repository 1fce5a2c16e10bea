import { FOREIGN } from '@lanekeeper/protocol/foreign-names';
import { LABELS } from '@lanekeeper/protocol/labels';
import type { KubePod } from '../source/kubernetes/objects.ts';

/**
 * How long a server waits for a beat, and how long until it forgets the instance. Much longer than its own 15 s and 30 s: it is we who
 * say when a pod goes. Pods that are there must not vanish from Nacos because the Lease changes hands (some 20 s at worst) or
 * because an API server that is away lets nobody lead.
 */
export const BEAT_TIMEOUT_MS = 300_000;
export const FORGET_TIMEOUT_MS = 600_000;

/** Keys that Nacos itself reads (`PreservedMetadataKeys`). */
const PRESERVED = {
  beatTimeout: 'preserved.heart.beat.timeout',
  forgetTimeout: 'preserved.ip.delete.timeout',
  /** Shown in its console. */
  registrant: 'preserved.register.source',
} as const;

/** Ours and those that agents of MSE and OpenSergo put there themselves: whoever reads lanes in Nacos finds this one. */
const LANE_KEYS = [LABELS.lane, FOREIGN.lane, FOREIGN.openSergoLane];

/** Who keeps it there: several clusters may share a Nacos, and none may take out what is another's. */
const CLUSTER_KEY = 'lanekeeper.io/cluster';

export interface InstanceOwner {
  /** Undefined: the baseline. */
  readonly lane: string | undefined;
  /** Of the Kubernetes cluster; undefined: it is not known. */
  readonly clusterId: string | undefined;
}

/** What stands in Nacos beside a pod's address. */
export function metadataOf(
  pod: KubePod,
  { lane, clusterId }: InstanceOwner,
): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(lane === undefined ? [] : LANE_KEYS.map((key) => [key, lane])),
    ...(clusterId === undefined ? {} : { [CLUSTER_KEY]: clusterId }),
    'lanekeeper.io/pod': `${pod.meta.namespace}/${pod.meta.name}`,
    [PRESERVED.registrant]: 'LANEKEEPER',
    [PRESERVED.beatTimeout]: String(BEAT_TIMEOUT_MS),
    [PRESERVED.forgetTimeout]: String(FORGET_TIMEOUT_MS),
  };
}

/** Whether the control plane of that cluster has put it there. */
export function isRegisteredBy(
  clusterId: string | undefined,
  metadata: Readonly<Record<string, string>>,
): boolean {
  return clusterId !== undefined && metadata[CLUSTER_KEY] === clusterId;
}
