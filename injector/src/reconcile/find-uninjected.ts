import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import type { ContainerLimits } from '../decision/container-limits.ts';
import type { NamespaceFacts } from '../decision/cluster-facts.ts';
import { decide } from '../decision/decide.ts';
import { isAbsent, isObject } from '../pod/json.ts';
import { readPod, type PodView } from '../pod/pod.ts';
import { ownerOf, type Owner } from '../report/owner.ts';

/** A pod that runs without the sidecar that it should have. */
export interface Uninjected {
  readonly uid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly owner: Owner | undefined;
}

export interface Circumstances {
  readonly namespaceFacts: NamespaceFacts;
  readonly nativeSidecars: boolean;
  readonly ownNamespace: string;
}

const NO_LIMITS: readonly ContainerLimits[] = [];

/** Asks of a pod that is there what an admission would have: undefined unless it would have got a sidecar, and has none. */
export function findUninjected(object: KubeObject, circumstances: Circumstances): Uninjected | undefined {
  const { name, namespace = '', uid = '' } = object.metadata;
  if (isEnding(object)) return undefined;
  const pod = readPodOrNothing(object);
  if (pod === undefined) return undefined;
  const decision = decide({ ...circumstances, namespace, containerLimits: NO_LIMITS, object, pod });
  if (decision.kind !== 'injected') return undefined;
  return { uid, namespace, pod: name, owner: ownerOf(object, namespace) };
}

/** Over, or on its way out: a restart would change nothing. */
function isEnding({ metadata, status }: KubeObject): boolean {
  const phase = isObject(status) ? status['phase'] : undefined;
  return !isAbsent(metadata['deletionTimestamp']) || phase === 'Succeeded' || phase === 'Failed';
}

function readPodOrNothing(object: KubeObject): PodView | undefined {
  try {
    return readPod(object);
  } catch {
    // Not what we know as a pod: admission would have left it as well.
    return undefined;
  }
}
