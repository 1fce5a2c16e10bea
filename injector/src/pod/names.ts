/** What the injector puts into a pod; an injected pod is recognised by them. */
export const OURS = {
  sidecar: 'lanekeeper-sidecar',
  redirect: 'lanekeeper-redirect',
  tokenVolume: 'lanekeeper-token',
  /** Where the token lies in the sidecar. */
  tokenFolder: '/var/run/secrets/lanekeeper.io',
} as const;

/** Names of MSE and OpenSergo that are read as they are, so that their manifests need no change. */
export const FOREIGN = {
  enable: 'msePilotAutoEnable',
  namespace: 'mseNamespace',
  app: 'msePilotCreateAppName',
  lane: 'alicloud.service.tag',
  openSergoLane: 'traffic.opensergo.io/label',
  /** An environment variable: the pod is where lane traffic enters, so untagged requests take the pod's lane. */
  traceTag: 'profiler.micro.service.tag.trace.enable',
} as const;
