import { injectionWish } from '@lanekeeper/protocol/injection-wish';
import type { Standing } from '@lanekeeper/protocol/workload-names';
import type { KubePod } from '../objects.ts';
import { addressesOf } from './addresses.ts';
import type { ClusterView } from './cluster-view.ts';

/** A member of a Service before it is known how it compares with the others. */
export interface Member {
  /** `namespace/name` of its pod, or its address where no pod is behind it. */
  readonly id: string;
  readonly pod: KubePod | undefined;
  readonly standing: Standing;
  /** The one to connect to first; never empty. */
  readonly addresses: readonly string[];
  /** Service port -> its own port; never empty. */
  readonly ports: Readonly<Record<string, number>>;
  readonly ready: boolean;
  /** Ready, but for its going. */
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zone: string | undefined;
}

export function podKey(pod: KubePod): string {
  return `${pod.meta.namespace}/${pod.meta.name}`;
}

const OF_BASELINE: Standing = { kind: 'baseline' };

/** What is no pod is of no lane. */
export function standingOfMember(pod: KubePod | undefined, view: ClusterView): Standing {
  return pod === undefined ? OF_BASELINE : view.standingOf(pod);
}

/** Whether who connects there reaches this pod: an address may have gone to another pod while the first is still known. */
export function holdsAddress(pod: KubePod, address: string, view: ClusterView): boolean {
  if (!addressesOf(pod).includes(address)) return false;
  return pod.hostNetwork || view.podAt(address) === pod;
}

/** Whether it was to get a sidecar and has none; what it calls would lose the lane. */
export function isMissingSidecar(pod: KubePod, view: Pick<ClusterView, 'namespace'>): boolean {
  if (pod.isInjected) return false;
  const namespaceLabels = view.namespace(pod.meta.namespace)?.meta.labels ?? {};
  return injectionWish({ pod: pod.meta, namespaceLabels }) === 'inject';
}
