import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Workload } from './workload.ts';

/** Everything that the environment decides, parsed once at start, frozen. */
export interface SidecarConfig {
  readonly role: 'sidecar' | 'gateway';
  readonly workload: Workload;
  /** Undefined: start with an empty mesh, everything passes through. */
  readonly configFile: string | undefined;
  readonly listen: ListenConfig;
  /** Where the application listens, for an inbound connection that was not intercepted. */
  readonly appAddress: SocketAddress | undefined;
  /** `correct` (default): untagged requests are baseline. `adopt`: they take the workload's lane (the pod is an entry). */
  readonly untaggedInbound: 'correct' | 'adopt';
  readonly detect: DetectConfig;
  readonly limits: Limits;
  readonly telemetry: TelemetryConfig;
}

export interface ListenConfig {
  readonly outbound: readonly SocketAddress[];
  readonly inbound: readonly SocketAddress[];
  readonly gateway: readonly SocketAddress[];
  readonly admin: SocketAddress;
  readonly status: SocketAddress;
}

export interface DetectConfig {
  /** How long a silent client is waited for before its connection is taken for one where the server speaks first. */
  readonly timeoutMs: number;
  /** Destination ports that are carried unread from the first byte. */
  readonly tcpPorts: ReadonlySet<number>;
}

export interface Limits {
  readonly connectTimeoutMs: number;
  /** From the first byte of a request to the end of its head. */
  readonly headTimeoutMs: number;
  /** Downstream and upstream connections without a request. */
  readonly idleTimeoutMs: number;
  /** From the end of the request to the head of the response; 0 is none. */
  readonly responseTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly maxHeadBytes: number;
  readonly maxConnections: number;
}

export interface TelemetryConfig {
  readonly hopCapacity: number;
  /** Share of requests that get an access line, 0 to 1; failed ones always do. */
  readonly accessLogSample: number;
  readonly logLevel: string;
  /** OTLP/HTTP endpoint for spans; undefined: none are made. */
  readonly otlpEndpoint: string | undefined;
}
