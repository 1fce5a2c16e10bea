import { PORTS } from '@lanekeeper/protocol/ports';

/** What holds where a variable is unset; each with its reason. */
export const DEFAULT_SETTINGS = {
  /** Loopback: REDIRECT sends a pod's own traffic there, and nobody else may use the pod as an open forward proxy. */
  outbound: { address: '127.0.0.1', port: PORTS.outbound },
  /** Every address: redirected traffic arrives at the pod's own. */
  inbound: { address: '0.0.0.0', port: PORTS.inbound },
  /** Every IPv4 address; `0.0.0.0,::` where pods have IPv6 ones as well. */
  gatewayHost: '0.0.0.0',
  /** Loopback, enforced: it shows requests and can drain; `kubectl port-forward` reaches it. */
  admin: { address: '127.0.0.1', port: PORTS.admin },
  /** Every address: the kubelet and Prometheus come from outside the pod. */
  status: { address: '0.0.0.0', port: PORTS.status },

  /** Where the injector mounts the projected token. */
  discoveryTokenFile: '/var/run/secrets/lanekeeper.io/token',
  /** Many round trips to a control plane; an application's own timeouts are longer. */
  discoveryWaitMs: 5_000,

  /** A client that speaks first does so within a round trip; more would delay unknown protocols where the server does. */
  detectTimeoutMs: 100,
  /**
   * Well-known protocols in which the server speaks first, which would wait out the detection: FTP, SSH, SMTP and submission,
   * POP3, IMAP, MySQL, NATS. PostgreSQL (5432), Redis (6379), MongoDB and Kafka are not here: their clients speak first, and
   * their first byte tells at once that it is not HTTP. And Nacos' gRPC (9848, 9849): a server of it tells its clients by their
   * connections, which must not be shared or spread.
   */
  tcpPorts: [21, 22, 25, 110, 143, 587, 3306, 4222, 9848, 9849],

  /** A lost SYN is sent again after 1 s and after 3 s: two losses are survived, a dead node is given up soon after. */
  connectTimeoutMs: 5_000,
  /** Enough for any real client on a bad line; a slow-head attack holds a connection no longer. */
  headTimeoutMs: 10_000,
  /** Above the keep-alive of common client pools (Go 90 s, Java 60 s), so that the client closes first and no request is lost to the race. */
  idleTimeoutMs: 300_000,
  /** None: how long an application may think is not the sidecar's to say; the caller has its own timeout. */
  responseTimeoutMs: 0,
  /** With a control plane: until every caller, and kube-proxy on every node, knows that this pod goes. With a file: nobody is told. */
  drainDelayMs: 5_000,
  /** Kubernetes grants 30 s; 5 s remain to close what did not end. */
  drainTimeoutMs: 25_000,
  /** What Envoy allows (60 KiB), rounded; Node's own 16 KiB refuses large cookies that applications accept. */
  maxHeadBytes: 64 * 1024,
  /** Two descriptors each stay far below the limit of container runtimes (65,536 or more); bounds the memory of a flood. */
  maxConnections: 10_000,

  /** A record is in the order of 1 KB, so some 2 MB: seconds of a busy pod, days of a quiet one. */
  hopCapacity: 2_000,
  /** Every request: turning it down is a choice for busy meshes. */
  accessLogSample: 1,
  logLevel: 'info',
  untaggedInbound: 'correct',
} as const;
