import type { MeshObject } from '@lanekeeper/mesh-file/objects/object-types';

export type Texts = Readonly<Record<string, string>>;

/** All that is looked at together: what stands in some files, or in a cluster. Plain data. */
export interface LintWorld {
  readonly objects: readonly MeshObject[];
  readonly workloads: readonly LintWorkload[];
  readonly services: readonly LintService[];
  /** `part`: what is not here may be elsewhere (files), so nothing is said of its absence. */
  readonly extent: 'all' | 'part';
  /** Whether containers of pods may be sidecars to Kubernetes itself (1.29 or newer); absent: not known. */
  readonly nativeSidecars?: boolean;
}

/** What makes pods, or a pod. */
export interface LintWorkload {
  /** `Deployment shop/a-gray`, `Pod shop/a-gray-7d4b9`. */
  readonly object: string;
  readonly namespace: string;
  /** Labels of its pods. */
  readonly labels: Texts;
  /** Annotations of its pods. */
  readonly annotations: Texts;
  /** The workload's own annotations; absent: those of its pods. */
  readonly ownAnnotations?: Texts;
  /** OpenSergo's variable of its containers. */
  readonly laneFromEnv?: string;
  /** Absent: not known. */
  readonly injection?: { readonly isInjected: boolean; readonly reason: string };
  /** It runs to an end. */
  readonly isJob: boolean;
  /** Name of a container that is another mesh's proxy. */
  readonly otherMesh?: string;
  /** How many pods it has or wants; absent: not known. 0 is as good as none. */
  readonly replicas?: number;
}

export interface LintService {
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Texts;
  /** Absent: workloads whose app has the service's name are behind it (a registry's service). */
  readonly selector?: Texts;
  readonly ports: readonly LintPort[];
}

export interface LintPort {
  readonly port: number;
  /** Absent: the container names it. */
  readonly targetPort?: number;
  /** The Service says that what comes there is TLS. */
  readonly isTls?: boolean;
}

/** `Service shop/a`. */
export function describeService({ name, namespace }: Pick<LintService, 'name' | 'namespace'>): string {
  return `Service ${namespace}/${name}`;
}
