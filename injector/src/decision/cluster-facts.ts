/** What is known of the cluster. Here from a file; the Kubernetes client is a second implementation of this interface. */
export interface ClusterFacts {
  /** Undefined: no such namespace is known (yet). Rejects when the cluster cannot be asked. */
  namespace(name: string): Promise<NamespaceFacts | undefined>;
  /** Whether init containers with `restartPolicy: Always` run beside the others (Kubernetes 1.29 and later). */
  nativeSidecars(): boolean;
}

export interface NamespaceFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
