/** Names of MSE and OpenSergo that are read as they are, so that their manifests need no change. */
export const FOREIGN = {
  enable: 'msePilotAutoEnable',
  namespace: 'mseNamespace',
  app: 'msePilotCreateAppName',
  lane: 'alicloud.service.tag',
  /** A label, or an environment variable of a container. */
  openSergoLane: 'traffic.opensergo.io/label',
  /** An environment variable: the pod is where lane traffic enters, so untagged requests take the pod's lane. */
  traceTag: 'profiler.micro.service.tag.trace.enable',
} as const;
