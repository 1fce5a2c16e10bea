import { DEFAULT_CLUSTER, DEFAULT_GROUP } from '@lanekeeper/nacos/instance';
import { ANNOTATIONS } from '@lanekeeper/protocol/labels';
import {
  readNacosWish,
  type AnnotationProblem,
  type NacosWish,
} from '@lanekeeper/protocol/nacos-annotations';
import { appOf, type Standing } from '@lanekeeper/protocol/workload-names';
import type { KubePod } from '../source/kubernetes/objects.ts';
import type { NacosNamespace, NacosRegistry } from '../source/nacos/registry.ts';
import { metadataOf } from './instance-metadata.ts';
import type { PlannedRegistration, PodPlan } from './registration-plan.ts';

/** What a pod's plan depends on beside the pod itself. */
export interface PodSurroundings {
  /** Those that the control plane follows; at least one. */
  readonly registries: readonly NacosRegistry[];
  /** Of the Kubernetes cluster; undefined: it is not known. */
  clusterId(): string | undefined;
  /** By its labels, or by a lane's selector. */
  standingOf(pod: KubePod): Standing;
  /** Its sidecar has said that it is about to go. */
  isDraining(pod: KubePod): boolean;
  /** It was to get a sidecar and has none, so it would lose the lane. */
  isMissingSidecar(pod: KubePod): boolean;
}

type Where = Pick<PlannedRegistration, 'place'> & { readonly group: string; readonly cluster: string };

/** Undefined: the pod asks for nothing. Pure. */
export function planPod(pod: KubePod, around: PodSurroundings): PodPlan | undefined {
  const { annotations, labels } = pod.meta;
  const { wish, problems } = readNacosWish({ annotations, app: appOf(labels) });
  if (problems.length > 0) return { kind: 'refused', problems: problems.map(sentenceOf) };
  if (wish === undefined) return undefined;
  const where = placeOf(wish, pod, around.registries);
  if ('key' in where) return { kind: 'refused', problems: [sentenceOf(where)] };
  const standing = around.standingOf(pod);
  const problem = whyNever(pod, standing, around);
  if (problem !== undefined) return { kind: 'refused', problems: [problem] };
  const why = whyNotNow(pod, around);
  const [ip] = pod.addresses;
  if (why !== undefined || ip === undefined) return { kind: 'waiting', why: why ?? 'without an address' };
  const lane = standing.kind === 'lane' ? standing.lane : undefined;
  const metadata = metadataOf(pod, { lane, clusterId: around.clusterId() });
  return { kind: 'registered', planned: registrationOf({ ip, wish, where, metadata }) };
}

interface Registrable {
  readonly ip: string;
  readonly wish: NacosWish;
  readonly where: Where;
  readonly metadata: Readonly<Record<string, string>>;
}

function registrationOf({ ip, wish, where, metadata }: Registrable): PlannedRegistration {
  const { place, group, cluster } = where;
  const { service: name, port } = wish;
  return { place, registration: { service: { group, name }, ip, port, cluster, weight: 1, metadata } };
}

/** Callers that read lanes would send it requests that it is not to get. */
function whyNever(pod: KubePod, standing: Standing, around: PodSurroundings): string | undefined {
  if (standing.kind === 'misnamed') {
    return `${standing.by.name}: expected a lane name, found ${JSON.stringify(standing.by.value)}`;
  }
  return standing.kind === 'lane' && around.isMissingSidecar(pod)
    ? 'it carries a lane and should have a sidecar, but has none: restart it'
    : undefined;
}

function whyNotNow(pod: KubePod, around: PodSurroundings): string | undefined {
  if (pod.isTerminating) return 'terminating';
  if (pod.phase !== 'Running' || !pod.isReady) return 'not ready';
  return around.isDraining(pod) ? 'draining' : undefined;
}

/** Only where the control plane was told to look: annotations of anybody must not reach further with its credentials. */
function placeOf(
  wish: NacosWish,
  pod: KubePod,
  registries: readonly NacosRegistry[],
): Where | AnnotationProblem {
  const registry = registries.find(({ name }) => wish.registry === undefined || name === wish.registry);
  if (registry === undefined) {
    const names = registries.map(({ name }) => name);
    return wrong(ANNOTATIONS.nacosRegistry, `one of the registries ${names.join(', ')}`, wish.registry);
  }
  const namespace = namespaceOf(wish, pod, registry);
  if (namespace === undefined) {
    const ids = registry.namespaces.map(({ id }) => (id === '' ? 'public' : id));
    const expected = `one of the namespaces of ${registry.name} that the mesh follows, ${ids.join(', ')}`;
    return wrong(ANNOTATIONS.nacosNamespace, expected, wish.namespace);
  }
  const { groups } = namespace;
  const byDefault = groups.includes(DEFAULT_GROUP) ? DEFAULT_GROUP : (groups[0] ?? DEFAULT_GROUP);
  const { group = byDefault } = wish;
  if (groups.length > 0 && !groups.includes(group)) {
    return wrong(
      ANNOTATIONS.nacosGroup,
      `one of the groups that the mesh follows, ${groups.join(', ')}`,
      group,
    );
  }
  const [cluster = DEFAULT_CLUSTER] = registry.clusters;
  return { place: { registry: registry.name, namespace: namespace.id }, group, cluster };
}

/** Where nothing is said: the one that means the pod's own namespace in the mesh, else the first. */
function namespaceOf(
  wish: NacosWish,
  pod: KubePod,
  { namespaces }: NacosRegistry,
): NacosNamespace | undefined {
  if (wish.namespace !== undefined) {
    const wanted = wish.namespace === 'public' ? '' : wish.namespace;
    return namespaces.find(({ id }) => id === wanted);
  }
  return namespaces.find(({ meshNamespace }) => meshNamespace === pod.meta.namespace) ?? namespaces[0];
}

function wrong(key: string, expected: string, found: string | undefined): AnnotationProblem {
  return { key, expected, found };
}

function sentenceOf({ key, expected, found }: AnnotationProblem): string {
  return `metadata.annotations["${key}"]: expected ${expected}, found ${found === undefined ? 'none' : JSON.stringify(found)}`;
}
