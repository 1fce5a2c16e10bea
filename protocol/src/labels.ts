/** Kubernetes labels and annotations that Lanekeeper reads or writes. */
export const LABELS = {
  injection: 'lanekeeper.io/injection',
  inject: 'lanekeeper.io/inject',
  lane: 'lanekeeper.io/lane',
  app: 'lanekeeper.io/app',
} as const;

export const ANNOTATIONS = {
  excludeOutboundPorts: 'lanekeeper.io/exclude-outbound-ports',
  excludeInboundPorts: 'lanekeeper.io/exclude-inbound-ports',
  excludeOutboundCidrs: 'lanekeeper.io/exclude-outbound-cidrs',
  config: 'lanekeeper.io/config',
  status: 'lanekeeper.io/status',
  /** On a pod or a namespace: `redirect` (default) or `none`, which needs no privilege. */
  capture: 'lanekeeper.io/capture',
  /** On any object: codes of findings (`LK0110, LK0105`) that are meant so and not reported. */
  ignore: 'lanekeeper.io/ignore',
  /** On a Service or a namespace: `*` (default), `.` (its own namespace only), or a comma list of namespaces beside its own. */
  exportTo: 'lanekeeper.io/export-to',
  /** On a workload, written by the webhook: the lane that it has put into the pod template, so that it takes out only its own. */
  copiedLane: 'lanekeeper.io/copied-lane',
  /** On a pod: the port (1 to 65535) that the control plane registers it with in Nacos, once it is ready. */
  nacosPort: 'lanekeeper.io/nacos-port',
  /** The Nacos service; default: the pod's app. */
  nacosService: 'lanekeeper.io/nacos-service',
  /** Default: `DEFAULT_GROUP` where that is followed, else the first that is. */
  nacosGroup: 'lanekeeper.io/nacos-group',
  /** Id of the Nacos namespace; default: the one that means the pod's own namespace in the mesh, else the first that is followed. */
  nacosNamespace: 'lanekeeper.io/nacos-namespace',
  /** Name of the registry; default: the first that the control plane knows. */
  nacosRegistry: 'lanekeeper.io/nacos-registry',
} as const;
