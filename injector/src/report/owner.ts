import type { Regarding } from '@lanekeeper/kubernetes/event-note';
import { isObject, objectAt, objectsAt, ownText, type JsonObject } from '../pod/json.ts';

/** What made the pod, and what a person can do about it. */
export interface Owner {
  readonly regarding: Regarding;
  /** `deployment/b`; the pod itself where nothing made it. */
  readonly name: string;
  /** How the pod is made anew, in a sentence. */
  readonly advice: string;
}

const RESTARTABLE: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** The pod's controller. Undefined: a pod that nobody made and that has no name yet (`generateName`). Throws ShapeError. */
export function ownerOf(pod: JsonObject, namespace: string): Owner | undefined {
  const metadata = objectAt(pod['metadata'], 'metadata');
  const owners = objectsAt(metadata['ownerReferences'], 'metadata.ownerReferences');
  const controller = owners.find((one) => one['controller'] === true) ?? owners[0];
  if (controller !== undefined) return ownerFrom(controller, metadata, namespace);
  const name = ownText(metadata, 'name') ?? '';
  if (name === '') return undefined;
  const uid = ownText(metadata, 'uid');
  return {
    regarding: {
      resource: { group: '', version: 'v1', plural: 'pods', kind: 'Pod' },
      name,
      namespace,
      ...(uid === undefined ? {} : { uid }),
    },
    name: `pod/${name}`,
    advice: `nothing makes this pod anew: delete pod/${name} in namespace ${namespace} and create it again`,
  };
}

function ownerFrom(reference: JsonObject, metadata: JsonObject, namespace: string): Owner {
  const [group = '', version = ''] = splitVersion(ownText(reference, 'apiVersion') ?? '');
  const kind = ownText(reference, 'kind') ?? '';
  const name = ownText(reference, 'name') ?? '';
  const uid = ownText(reference, 'uid');
  const workload = workloadOf(kind, name, metadata);
  return {
    regarding: {
      resource: { group, version, plural: `${kind.toLowerCase()}s`, kind },
      name,
      namespace,
      ...(uid === undefined ? {} : { uid }),
    },
    name: workload.name,
    advice: workload.isRestartable
      ? `kubectl rollout restart ${workload.name} -n ${namespace}`
      : `${workload.name} in namespace ${namespace} must make it anew`,
  };
}

/** A ReplicaSet of a Deployment has the Deployment's name and the hash that its pods carry. */
function workloadOf(
  kind: string,
  name: string,
  metadata: JsonObject,
): { name: string; isRestartable: boolean } {
  const labels = metadata['labels'];
  const hash = isObject(labels) ? ownText(labels, 'pod-template-hash') : undefined;
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) {
    return { name: `deployment/${name.slice(0, -hash.length - 1)}`, isRestartable: true };
  }
  return { name: `${kind.toLowerCase()}/${name}`, isRestartable: RESTARTABLE.has(kind) };
}

function splitVersion(apiVersion: string): readonly string[] {
  return apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
}
