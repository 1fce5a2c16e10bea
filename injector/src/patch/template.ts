/** What every injected pod gets alike; from the injector's configuration. */
export interface SidecarTemplate {
  readonly sidecarImage: string;
  readonly redirectImage: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /** Kubernetes quantities: `50m`, `64Mi`. */
  readonly resources: Resources;
  /** Who may be shown the pod's token: the control plane. */
  readonly tokenAudience: string;
  /** Pods have IPv6 addresses: those are intercepted and listened on as well. Without IPv6 in the kernel a sidecar could not start. */
  readonly ipv6: boolean;
  /** How sidecars reach the control plane; undefined: there is none. */
  readonly discovery: Discovery | undefined;
  /** `rewrite` needs a sidecar that serves `/probe/…`. */
  readonly probes: 'keep' | 'rewrite';
}

export interface Discovery {
  /** `host:port` */
  readonly address: string;
  /** PEM; undefined: the sidecar trusts what its image trusts. */
  readonly ca: string | undefined;
}

export interface Resources {
  readonly cpuRequest: string;
  readonly memoryRequest: string;
  /** Undefined: none. A limit of CPU throttles in bursts, so there is none by default. */
  readonly cpuLimit: string | undefined;
  readonly memoryLimit: string | undefined;
}
