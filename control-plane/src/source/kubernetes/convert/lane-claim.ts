import type { ServiceRef } from '@lanekeeper/protocol/model';
import { appOf, explicitAppNames, standingOf } from '@lanekeeper/protocol/workload-names';
import type { KubePod, KubeService } from '../objects.ts';

type Texts = Readonly<Record<string, string>>;

/** Somebody's word that pods are of a lane: a Lane's by its selector, a WorkloadLabelRule's. Plain data. */
export interface LaneClaim {
  /** `Lane shop/gray`: unique, and for people. */
  readonly by: string;
  readonly lane: string;
  /** Milliseconds since 1970. Of two that claim a pod the older one has it. */
  readonly createdAt: number;
  readonly pods: ClaimedPods;
}

export type ClaimedPods =
  /** Pods of these services with all of these labels; without `labels`: those that are named so anyway. */
  | { readonly kind: 'members'; readonly services: readonly ServiceRef[]; readonly labels?: Texts }
  /** Pods of a namespace, of an app where one is said, with all of these labels. */
  | {
      readonly kind: 'workloads';
      readonly namespace: string;
      readonly app?: string;
      readonly labels: Texts;
    };

/** Whether it says something that the pods' own labels do not say. */
export function isOwnWord({ pods }: LaneClaim): boolean {
  return pods.kind === 'workloads' || pods.labels !== undefined;
}

/** Whether the pod has what the claim asks for, whatever services it belongs to. */
export function fits({ pods, lane }: LaneClaim, pod: KubePod): boolean {
  const { labels } = pod.meta;
  if (pods.labels === undefined) {
    const standing = standingOf(labels, pod.laneFromEnv);
    return standing.kind === 'lane' && standing.lane === lane;
  }
  const isApp = pods.kind === 'members' || pods.app === undefined || pods.app === appOf(labels);
  return isApp && hasAll(labels, pods.labels);
}

/** Whether the pod is one of a service that is called `name`; `service` where the cluster has it. */
export function isOfService(pod: KubePod, name: string, service: KubeService | undefined): boolean {
  const app = appOf(pod.meta.labels);
  if (service === undefined) return app === name;
  const { selector } = service;
  if (selector !== undefined && hasAll(pod.meta.labels, selector)) return true;
  if (app === undefined) return false;
  const [stated] = explicitAppNames(service.meta.labels);
  if (stated !== undefined) return app === stated.value;
  return app === name || app === appOf(selector ?? {});
}

export function byAge(a: LaneClaim, b: LaneClaim): number {
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.by < b.by ? -1 : Number(a.by > b.by);
}

function hasAll(labels: Texts, wanted: Texts): boolean {
  for (const key of Object.keys(wanted)) {
    if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false;
  }
  return true;
}
