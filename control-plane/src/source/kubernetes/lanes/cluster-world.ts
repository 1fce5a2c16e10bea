import { isTlsPort } from '@lanekeeper/lint/read/tls-port';
import type { LintService, LintWorkload, LintWorld } from '@lanekeeper/lint/world';
import type { MeshObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { ClusterTables } from '../cluster-tables.ts';
import type { KubePod, KubeService } from '../objects.ts';

/** The cluster as lint looks at it: lanes, and what they are about. Pods that are alike are one. */
export function clusterWorld(objects: readonly MeshObject[], tables: ClusterTables): LintWorld {
  const members = objects.flatMap((object) => (object.kind === 'LaneGroup' ? object.spec.services : []));
  const namespaces = new Set([
    ...members.map(({ namespace }) => namespace),
    ...objects.map(({ meta }) => meta.namespace),
  ]);
  const services = [...tables.services.values()].filter(({ meta }) => namespaces.has(meta.namespace));
  const pods = [...tables.pods.values()].filter(({ meta }) => namespaces.has(meta.namespace));
  return { objects, services: services.map(serviceOf), workloads: workloadsOf(pods), extent: 'all' };
}

function serviceOf({ meta, selector, ports }: KubeService): LintService {
  const { name, namespace, annotations } = meta;
  return {
    ...{ name, namespace, annotations },
    ...(selector === undefined ? {} : { selector }),
    ports: ports.map(({ port, targetPort, name: portName, appProtocol }) => ({
      port,
      ...(typeof targetPort === 'number' ? { targetPort } : {}),
      ...(isTlsPort({ name: portName, appProtocol }) ? { isTls: true } : {}),
    })),
  };
}

interface Alike {
  readonly first: KubePod;
  count: number;
}

function workloadsOf(pods: readonly KubePod[]): readonly LintWorkload[] {
  const alike = new Map<string, Alike>();
  for (const pod of pods) {
    const key = JSON.stringify([pod.meta.namespace, pod.meta.labels, pod.meta.annotations, pod.isInjected]);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { first: pod, count: 1 });
    else known.count += 1;
  }
  return [...alike.values()].map(workloadOf);
}

function workloadOf({ first, count }: Alike): LintWorkload {
  const { meta, laneFromEnv, isInjected, runsToEnd } = first;
  return {
    object: `Pod ${meta.namespace}/${meta.name}`,
    namespace: meta.namespace,
    labels: meta.labels,
    annotations: meta.annotations,
    ...(laneFromEnv === undefined ? {} : { laneFromEnv }),
    injection: { isInjected, reason: isInjected ? 'it has a sidecar' : 'it has no sidecar' },
    isJob: runsToEnd,
    replicas: count,
  };
}
