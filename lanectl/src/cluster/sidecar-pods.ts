import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { PODS } from '@lanekeeper/kubernetes/resources';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { LABELS } from '@lanekeeper/protocol/labels';
import { listObjects } from './list-objects.ts';

/** A pod whose requests a sidecar of ours sees, or one that is a gateway. */
export interface SidecarPod {
  readonly namespace: string;
  readonly name: string;
  readonly app: string;
  /** As its label says. */
  readonly lane: string;
  readonly isGateway: boolean;
}

/** Its name in a pod. */
export const SIDECAR_CONTAINER = 'lanekeeper-sidecar';
const COMPONENT = 'app.kubernetes.io/component';
const PRODUCT = 'app.kubernetes.io/name';

/** Running ones; of all namespaces where none is given. */
export async function findSidecarPods(
  client: ApiClient,
  namespace: string | undefined,
): Promise<readonly SidecarPod[]> {
  return sidecarPodsIn(await listObjects(client, PODS, { namespace, fieldSelector: 'status.phase=Running' }));
}

/** Those among `pods`, by name. */
export function sidecarPodsIn(pods: readonly KubeObject[]): readonly SidecarPod[] {
  return pods.flatMap(sidecarPod).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

export function nameOf({ namespace, name }: Pick<SidecarPod, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

function sidecarPod({ metadata, spec }: KubeObject): readonly SidecarPod[] {
  const labels = fieldsOf(metadata['labels']);
  const text = (key: string): string => {
    const value = labels[key];
    return typeof value === 'string' ? value : '';
  };
  const isGateway = text(PRODUCT) === 'lanekeeper' && text(COMPONENT) === 'gateway';
  if (!isGateway && !hasSidecar(fieldsOf(spec))) return [];
  const { name, namespace } = metadata;
  return [
    {
      ...{ name: String(name), namespace: String(namespace), isGateway },
      app: text(LABELS.app) || text('app') || text(PRODUCT),
      lane: text(LABELS.lane) || BASELINE,
    },
  ];
}

function hasSidecar(spec: Readonly<Record<string, unknown>>): boolean {
  const containers = [spec['containers'], spec['initContainers']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  return containers.some((container) => fieldsOf(container)['name'] === SIDECAR_CONTAINER);
}
