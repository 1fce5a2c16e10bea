/** Environment variables of the sidecar; the injector sets them, the sidecar's config.ts reads them. */
export const VARIABLES = {
  role: 'LANEKEEPER_ROLE',
  app: 'LANEKEEPER_APP',
  namespace: 'LANEKEEPER_NAMESPACE',
  lane: 'LANEKEEPER_LANE',
  pod: 'LANEKEEPER_POD',
  podAddress: 'LANEKEEPER_POD_IP',
  zone: 'LANEKEEPER_ZONE',
  configFile: 'LANEKEEPER_CONFIG_FILE',
  discoveryAddress: 'LANEKEEPER_DISCOVERY_ADDRESS',
  discoveryCa: 'LANEKEEPER_DISCOVERY_CA',
  /** A file with the same, where there is no injector to hand the text over; read anew for each connection. */
  discoveryCaFile: 'LANEKEEPER_DISCOVERY_CA_FILE',
  discoveryTokenFile: 'LANEKEEPER_DISCOVERY_TOKEN_FILE',
  discoveryWaitMs: 'LANEKEEPER_DISCOVERY_WAIT_MS',
  outboundListen: 'LANEKEEPER_OUTBOUND_LISTEN',
  inboundListen: 'LANEKEEPER_INBOUND_LISTEN',
  gatewayListen: 'LANEKEEPER_GATEWAY_LISTEN',
  /** Where a gateway binds the ports that its control plane tells it. */
  gatewayHost: 'LANEKEEPER_GATEWAY_HOST',
  adminListen: 'LANEKEEPER_ADMIN_LISTEN',
  statusListen: 'LANEKEEPER_STATUS_LISTEN',
  appAddress: 'LANEKEEPER_APP_ADDRESS',
  untaggedInbound: 'LANEKEEPER_UNTAGGED_INBOUND',
  detectTimeoutMs: 'LANEKEEPER_DETECT_TIMEOUT_MS',
  tcpPorts: 'LANEKEEPER_TCP_PORTS',
  connectTimeoutMs: 'LANEKEEPER_CONNECT_TIMEOUT_MS',
  headTimeoutMs: 'LANEKEEPER_HEAD_TIMEOUT_MS',
  idleTimeoutMs: 'LANEKEEPER_IDLE_TIMEOUT_MS',
  responseTimeoutMs: 'LANEKEEPER_RESPONSE_TIMEOUT_MS',
  drainDelayMs: 'LANEKEEPER_DRAIN_DELAY_MS',
  drainTimeoutMs: 'LANEKEEPER_DRAIN_TIMEOUT_MS',
  maxHeadBytes: 'LANEKEEPER_MAX_HEAD_BYTES',
  maxConnections: 'LANEKEEPER_MAX_CONNECTIONS',
  hopCapacity: 'LANEKEEPER_HOP_CAPACITY',
  accessLogSample: 'LANEKEEPER_ACCESS_LOG_SAMPLE',
  logLevel: 'LANEKEEPER_LOG_LEVEL',
} as const;

/** Environment variables of the init program that redirects a pod's traffic; the injector sets them from annotations. */
export const REDIRECT_VARIABLES = {
  outboundPort: 'LANEKEEPER_REDIRECT_OUTBOUND_PORT',
  inboundPort: 'LANEKEEPER_REDIRECT_INBOUND_PORT',
  proxyUid: 'LANEKEEPER_REDIRECT_PROXY_UID',
  proxyGid: 'LANEKEEPER_REDIRECT_PROXY_GID',
  excludeInboundPorts: 'LANEKEEPER_REDIRECT_EXCLUDE_INBOUND_PORTS',
  excludeOutboundPorts: 'LANEKEEPER_REDIRECT_EXCLUDE_OUTBOUND_PORTS',
  excludeOutboundCidrs: 'LANEKEEPER_REDIRECT_EXCLUDE_OUTBOUND_CIDRS',
  ipv6: 'LANEKEEPER_REDIRECT_IPV6',
} as const;

/** Environment variables of the webhook. */
export const INJECTOR_VARIABLES = {
  listen: 'LANEKEEPER_INJECTOR_LISTEN',
  statusListen: 'LANEKEEPER_INJECTOR_STATUS_LISTEN',
  /** `kubernetes` (default) or `file`: where the injector learns of namespaces and versions. */
  source: 'LANEKEEPER_INJECTOR_SOURCE',
  /** `self-signed` (default) or `cert-manager`. */
  certificates: 'LANEKEEPER_INJECTOR_CERTIFICATES',
  certificateFile: 'LANEKEEPER_INJECTOR_CERTIFICATE_FILE',
  keyFile: 'LANEKEEPER_INJECTOR_KEY_FILE',
  certificatePollMs: 'LANEKEEPER_INJECTOR_CERTIFICATE_POLL_MS',
  /** How long a leaf, and the CA, that the injector makes is valid. */
  leafLifeMs: 'LANEKEEPER_INJECTOR_LEAF_LIFE_MS',
  caLifeMs: 'LANEKEEPER_INJECTOR_CA_LIFE_MS',
  webhookNames: 'LANEKEEPER_INJECTOR_WEBHOOK_NAMES',
  discoveryNames: 'LANEKEEPER_INJECTOR_DISCOVERY_NAMES',
  webhookConfiguration: 'LANEKEEPER_INJECTOR_WEBHOOK_CONFIGURATION',
  /** Goes into injected pods as it is. */
  discoveryAddress: 'LANEKEEPER_INJECTOR_DISCOVERY_ADDRESS',
  /** With source `file`: the CA that sidecars are to trust. */
  discoveryCaFile: 'LANEKEEPER_INJECTOR_DISCOVERY_CA_FILE',
  pod: 'LANEKEEPER_INJECTOR_POD',
  reconcileMs: 'LANEKEEPER_INJECTOR_RECONCILE_MS',
  /** `true`: pods have IPv6 addresses, so sidecars intercept and listen on them as well. */
  ipv6: 'LANEKEEPER_INJECTOR_IPV6',
  /** `auto` (default), `true` or `false`. */
  nativeSidecars: 'LANEKEEPER_INJECTOR_NATIVE_SIDECARS',
  factsFile: 'LANEKEEPER_INJECTOR_FACTS_FILE',
  factsTimeoutMs: 'LANEKEEPER_INJECTOR_FACTS_TIMEOUT_MS',
  namespace: 'LANEKEEPER_INJECTOR_NAMESPACE',
  sidecarImage: 'LANEKEEPER_INJECTOR_SIDECAR_IMAGE',
  redirectImage: 'LANEKEEPER_INJECTOR_REDIRECT_IMAGE',
  imagePullPolicy: 'LANEKEEPER_INJECTOR_IMAGE_PULL_POLICY',
  cpuRequest: 'LANEKEEPER_INJECTOR_CPU_REQUEST',
  cpuLimit: 'LANEKEEPER_INJECTOR_CPU_LIMIT',
  memoryRequest: 'LANEKEEPER_INJECTOR_MEMORY_REQUEST',
  memoryLimit: 'LANEKEEPER_INJECTOR_MEMORY_LIMIT',
  tokenAudience: 'LANEKEEPER_INJECTOR_TOKEN_AUDIENCE',
  probes: 'LANEKEEPER_INJECTOR_PROBES',
  drainDelayMs: 'LANEKEEPER_INJECTOR_DRAIN_DELAY_MS',
  drainTimeoutMs: 'LANEKEEPER_INJECTOR_DRAIN_TIMEOUT_MS',
  logLevel: 'LANEKEEPER_INJECTOR_LOG_LEVEL',
} as const;

/** Environment variables of the control plane. */
export const CONTROL_PLANE_VARIABLES = {
  listen: 'LANEKEEPER_CONTROL_PLANE_LISTEN',
  statusListen: 'LANEKEEPER_CONTROL_PLANE_STATUS_LISTEN',
  /** A comma list of `kubernetes`, `nacos` and `file`; default `kubernetes`. */
  source: 'LANEKEEPER_CONTROL_PLANE_SOURCE',
  /** With `nacos`: the registries. */
  nacosFile: 'LANEKEEPER_CONTROL_PLANE_NACOS_FILE',
  /** With authentication `static`: who may connect. */
  tokensFile: 'LANEKEEPER_CONTROL_PLANE_TOKENS_FILE',
  meshFile: 'LANEKEEPER_CONTROL_PLANE_MESH_FILE',
  /** `token` (default): the API server reviews it; `static`: it stands in a file; `none`: whoever reaches the port is served, which then must be on loopback. */
  authentication: 'LANEKEEPER_CONTROL_PLANE_AUTHENTICATION',
  certificateFile: 'LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE',
  keyFile: 'LANEKEEPER_CONTROL_PLANE_KEY_FILE',
  certificatePollMs: 'LANEKEEPER_CONTROL_PLANE_CERTIFICATE_POLL_MS',
  tokenAudience: 'LANEKEEPER_CONTROL_PLANE_TOKEN_AUDIENCE',
  /** `namespace/name`: pods of this service account are gateways. Absent: there are none, and nothing is known of what they would serve. */
  gatewayAccount: 'LANEKEEPER_CONTROL_PLANE_GATEWAY_ACCOUNT',
  /** Type of the Services that Gateways get: `ClusterIP` (default), `NodePort` or `LoadBalancer`. */
  gatewayServiceType: 'LANEKEEPER_CONTROL_PLANE_GATEWAY_SERVICE_TYPE',
  namespace: 'LANEKEEPER_CONTROL_PLANE_NAMESPACE',
  pod: 'LANEKEEPER_CONTROL_PLANE_POD',
  clusterDomain: 'LANEKEEPER_CONTROL_PLANE_CLUSTER_DOMAIN',
  drainDelayMs: 'LANEKEEPER_CONTROL_PLANE_DRAIN_DELAY_MS',
  drainTimeoutMs: 'LANEKEEPER_CONTROL_PLANE_DRAIN_TIMEOUT_MS',
  /** So long at most new rules of a lane wait until all sidecars of its group route it; default 10 s. */
  laneTimeoutMs: 'LANEKEEPER_CONTROL_PLANE_LANE_TIMEOUT_MS',
  logLevel: 'LANEKEEPER_CONTROL_PLANE_LOG_LEVEL',
} as const;
