import type { ServerVersion } from '@lanekeeper/kubernetes/answers';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { AskedPods } from '../cluster/ask-all.ts';

/** What was asked for, or why nobody said. */
export type Fact<T> = { readonly value: T } | { readonly problem: string; readonly isForbidden: boolean };

/** All that the checks look at; asked for once, before any of them. */
export interface Facts {
  readonly version: Fact<ServerVersion>;
  /** Of ours. */
  readonly crds: Fact<readonly KubeObject[]>;
  /** Deployments of the installation. */
  readonly deployments: Fact<readonly KubeObject[]>;
  /** The ConfigMap `lanekeeper-status`; undefined: it is not there. */
  readonly status: Fact<KubeObject | undefined>;
  readonly mutating: Fact<KubeObject | undefined>;
  readonly validating: Fact<KubeObject | undefined>;
  readonly namespaces: Fact<readonly KubeObject[]>;
  readonly pods: Fact<readonly KubeObject[]>;
  readonly services: Fact<readonly KubeObject[]>;
  readonly groups: Fact<readonly KubeObject[]>;
  readonly lanes: Fact<readonly KubeObject[]>;
  readonly dns: Fact<readonly KubeObject[]>;
  /** `GET /audit` of the sidecars of the pods. */
  readonly audits: Fact<AskedPods>;
  /** Undefined: all namespaces are looked at. */
  readonly within: string | undefined;
  readonly now: number;
}

/** What of `fact` is needed to go on; a check that has nothing to look at is skipped. */
export function valueOf<T>(fact: Fact<T>): T | undefined {
  return 'value' in fact ? fact.value : undefined;
}
