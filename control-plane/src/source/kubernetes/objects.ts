/** What is kept of the API server's objects: small, plain, read once at the boundary. Everything else is let go at once. */
export interface KubeMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Only those of `lanekeeper.io/`. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface KubeNamespace {
  readonly meta: KubeMeta;
}

export interface KubePod {
  readonly meta: KubeMeta;
  readonly phase: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  readonly hostNetwork: boolean;
  /** A Job's or a bare pod of the kind: it ends when its work is done, and serves no application meanwhile. */
  readonly runsToEnd: boolean;
  /** All of `status.podIPs`, the primary one first; empty before it has one. */
  readonly addresses: readonly string[];
  readonly nodeName: string;
  /** Whether it has the container `lanekeeper-sidecar`. */
  readonly isInjected: boolean;
  /** Lane and app name from the environment of its containers (`traffic.opensergo.io/label`), where no label says so. */
  readonly laneFromEnv?: string;
  readonly ports: readonly KubeContainerPort[];
}

export interface KubeContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol: string;
}

export interface KubeService {
  readonly meta: KubeMeta;
  /** `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`. */
  readonly type: string;
  /** Empty for a headless service. */
  readonly clusterIPs: readonly string[];
  /** Undefined: none; endpoints are written by somebody else. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly publishNotReadyAddresses: boolean;
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly ports: readonly KubeServicePort[];
  /** Addresses and host names that a load balancer has given it; absent: none. */
  readonly loadBalancer?: readonly string[];
}

export interface KubeServicePort {
  readonly name: string;
  readonly port: number;
  /** A number, or the name of a container port. */
  readonly targetPort: number | string;
  /** `TCP`, `UDP`, `SCTP`. */
  readonly protocol: string;
  readonly appProtocol?: string;
}

export interface KubeEndpointSlice {
  readonly meta: KubeMeta;
  /** Label `kubernetes.io/service-name`. */
  readonly service: string;
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
  readonly endpoints: readonly KubeEndpoint[];
}

export interface KubeEndpoint {
  readonly addresses: readonly string[];
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zone?: string;
  readonly nodeName?: string;
  /** Name of the pod behind it, if one is. */
  readonly pod?: string;
}
