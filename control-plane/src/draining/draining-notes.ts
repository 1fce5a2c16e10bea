import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { readResourceVersion, type ResourceVersion } from '@lanekeeper/kubernetes/resource-version';

/** A key for each pod, so that any replica can write and take back what another one has written, at the same moment. */
const PREFIX = 'draining.';
/** What the key of a ConfigMap may have in it. */
const UID = /^[-._A-Za-z0-9]{1,200}$/;

/** What stood in the map at some version of it. */
export interface DrainingNotes {
  /** Uid -> `namespace/name` of the pods that replicas have noted down. */
  readonly pods: ReadonlyMap<string, string>;
  readonly version: ResourceVersion;
}

/** Whatever else stands there is left out. */
export function readDrainingNotes(map: KubeObject): DrainingNotes {
  const notes = new Map<string, string>();
  for (const [key, pod] of Object.entries(fieldsOf(map['data']))) {
    if (key.startsWith(PREFIX) && typeof pod === 'string') notes.set(key.slice(PREFIX.length), pod);
  }
  return { pods: notes, version: readResourceVersion(map.metadata.resourceVersion) };
}

/** A merge patch of the map; null takes a note away. */
export function patchOfNotes(notes: ReadonlyMap<string, string | null>): unknown {
  const data = [...notes].map(([uid, pod]) => [`${PREFIX}${uid}`, pod] as const);
  return { data: Object.fromEntries(data) };
}

/** Whether it can be noted down at all; the API server makes no others. */
export function isNotable(uid: string): boolean {
  return UID.test(uid);
}
