import type { ContainerLimits } from './container-limits.ts';

/** What is known of the cluster; from the API server, or from a file. */
export interface ClusterFacts {
  /** Undefined: there is no such namespace. Rejects when the cluster cannot be asked. */
  namespace(name: string): Promise<NamespaceFacts | undefined>;
  /** Whether init containers with `restartPolicy: Always` run beside the others (Kubernetes 1.29 and later). */
  nativeSidecars(): boolean;
  /** Of the namespace's LimitRanges. */
  containerLimits(namespace: string): readonly ContainerLimits[];
}

export interface NamespaceFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
