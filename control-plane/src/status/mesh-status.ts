import type { LaneDispute } from '../catalog/lane-disputes.ts';
import type { StreamReport } from '../publish/stream-report.ts';

/** What one replica knows, under its own key of the ConfigMap. */
export interface ReplicaStatus extends StreamReport {
  /** Version of the mesh part that it serves. */
  readonly mesh: string;
  /** Why what it serves may be old. */
  readonly problems: readonly string[];
}

/** What the leader adds: the same for all replicas. */
export interface ClusterFindings {
  /** Pods of a lane without a sidecar, which should have one: `namespace/name`. */
  readonly notInjected: readonly string[];
  /** Objects that cannot be taken as they are, as sentences. */
  readonly objects: readonly string[];
  /** Instances of Nacos whose pods are of other lanes than it says. */
  readonly laneDisputes: readonly LaneDispute[];
}

/** How the mesh is, for people: `kubectl get configmap lanekeeper-status -o yaml`. */
export interface MeshStatus extends ClusterFindings {
  readonly sidecars: number;
  readonly inStep: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly behind: StreamReport['behind'];
  readonly rejected: StreamReport['rejected'];
  readonly replicas: readonly {
    readonly pod: string;
    readonly sidecars: number;
    readonly mesh: string;
    readonly problems: readonly string[];
  }[];
}

/** A list in the ConfigMap is for people: the first ones show what is wrong. */
const MOST = 100;

export function summarise(
  replicas: ReadonlyMap<string, ReplicaStatus>,
  { notInjected, objects, laneDisputes }: ClusterFindings,
): MeshStatus {
  const all = [...replicas].sort(([a], [b]) => (a < b ? -1 : 1));
  const states = all.map(([, state]) => state);
  return {
    sidecars: sum(states.map(({ sidecars }) => sidecars)),
    inStep: sum(states.map(({ inStep }) => inStep)),
    versions: addUp(states.map(({ versions }) => versions)),
    behind: states.flatMap(({ behind }) => behind).slice(0, MOST),
    rejected: states.flatMap(({ rejected }) => rejected).slice(0, MOST),
    notInjected: notInjected.slice(0, MOST),
    objects: objects.slice(0, MOST),
    laneDisputes: laneDisputes.slice(0, MOST),
    replicas: all.map(([pod, { sidecars, mesh, problems }]) => ({ pod, sidecars, mesh, problems })),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const count of counts) {
    for (const [key, number] of Object.entries(count)) total.set(key, (total.get(key) ?? 0) + number);
  }
  return Object.fromEntries(total);
}
