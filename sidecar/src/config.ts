import { isIP } from 'node:net';
import { BASELINE, isLaneName } from '@lanekeeper/protocol/lane-name';
import { PROBE_TABLE_VARIABLE, type ProbeTable } from '@lanekeeper/protocol/probes';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import { EnvReader, type EnvSource } from '@lanekeeper/runtime/env';
import * as kind from '@lanekeeper/runtime/env-kinds';
import { LOG_LEVELS, type LogLevel } from '@lanekeeper/runtime/log';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { DEFAULT_SETTINGS } from './default-settings.ts';
import { DEFAULT_NAMESPACE, isName, isServiceName } from '@lanekeeper/mesh-file/service-name';
import { PROBE_TABLE } from './probe/probe-table.ts';
import { readListen, type ListenConfig } from './read-listen.ts';
import type { Workload } from './workload.ts';

/** Everything that the environment decides, parsed once at start, frozen. */
export interface SidecarConfig {
  readonly role: 'sidecar' | 'gateway';
  readonly workload: Workload;
  /** The pod's own IP address; absent outside Kubernetes. */
  readonly podAddress?: string | undefined;
  /** Undefined, with `discovery`: start with an empty mesh, everything passes through. */
  readonly configFile: string | undefined;
  readonly discovery: DiscoveryConfig | undefined;
  readonly listen: ListenConfig;
  /** Where the application listens, for an inbound connection that was not intercepted. */
  readonly appAddress: SocketAddress | undefined;
  /** `correct` (default): untagged requests are baseline. `adopt`: they take the workload's lane (the pod is an entry). */
  readonly untaggedInbound: 'correct' | 'adopt';
  /** What the kubelet asks of the application through the status port. */
  readonly probes: ProbeTable;
  readonly detect: DetectConfig;
  readonly limits: Limits;
  readonly telemetry: TelemetryConfig;
}

/** Where the mesh comes from where it is not read from a file. */
export interface DiscoveryConfig {
  /** Of the control plane; a name may have several addresses. */
  readonly address: SocketAddress;
  /** PEM; undefined: what the system trusts. */
  readonly ca: string | undefined;
  /** A file with the same; only where `ca` is undefined. */
  readonly caFile?: string | undefined;
  /** Read anew for each connection. */
  readonly tokenFile: string;
  /** The longest that a request to a destination that was not asked for yet waits for the answer. */
  readonly waitMs: number;
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
  /** How long everything goes on after the order to end, where others may not have heard yet that this pod goes. */
  readonly drainDelayMs: number;
  /** For all of the drain, the delay included. */
  readonly drainTimeoutMs: number;
  readonly maxHeadBytes: number;
  readonly maxConnections: number;
}

export interface TelemetryConfig {
  readonly hopCapacity: number;
  /** Share of requests that get an access line, 0 to 1; failed ones always do. */
  readonly accessLogSample: number;
  readonly logLevel: LogLevel;
  /** OTLP/HTTP endpoint for spans; undefined: none are made. */
  readonly otlpEndpoint: string | undefined;
}

const CERTIFICATES = kind.matching('certificates as PEM text', (text) =>
  /-----BEGIN CERTIFICATE-----[^]+-----END CERTIFICATE-----/.test(text),
);
const PREFIX = 'LANEKEEPER_';
/** The standard name, so that one setting serves the application's SDK and the sidecar. */
const OTLP_ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const NAME = kind.matching('a name of letters, digits, "-", "." and "_"', isName);
const SERVICE_NAME = kind.matching(
  'the name of a service, without "/", white space and invisible characters',
  isServiceName,
);
const LANE_NAME = kind.matching('a DNS label of at most 63 characters', isLaneName);
const IP_ADDRESS = kind.matching('an IP address', (text) => isIP(text) !== 0);

/** Reads and checks every variable. Throws one ConfigError with all that is wrong. */
export function parseConfig(source: EnvSource): SidecarConfig {
  const env = new EnvReader(source);
  const role = env.get(VARIABLES.role, kind.choice('sidecar', 'gateway'), 'sidecar');
  const discovery = readDiscovery(env);
  const config: SidecarConfig = {
    role,
    workload: readWorkload(env),
    podAddress: env.get(VARIABLES.podAddress, IP_ADDRESS, undefined),
    configFile: env.get(VARIABLES.configFile, kind.TEXT, undefined),
    discovery,
    listen: readListen(env, { role, isTold: discovery !== undefined }),
    appAddress: env.get(VARIABLES.appAddress, kind.ADDRESS, undefined),
    untaggedInbound: env.get(
      VARIABLES.untaggedInbound,
      kind.choice('correct', 'adopt'),
      DEFAULT_SETTINGS.untaggedInbound,
    ),
    probes: env.get(PROBE_TABLE_VARIABLE, PROBE_TABLE, {}),
    detect: readDetect(env),
    limits: readLimits(env, discovery === undefined ? 0 : DEFAULT_SETTINGS.drainDelayMs),
    telemetry: readTelemetry(env),
  };
  if (config.configFile !== undefined && config.discovery !== undefined) {
    env.problem(
      VARIABLES.configFile,
      `expected this or ${VARIABLES.discoveryAddress}, found both; unset one`,
    );
  }
  env.finish(PREFIX);
  return deepFreeze(config);
}

/** What `GET /config` shows: plain JSON, the credentials of URLs hidden. */
export function redactConfig(config: SidecarConfig): Record<string, unknown> {
  const { otlpEndpoint } = config.telemetry;
  return {
    ...config,
    detect: { ...config.detect, tcpPorts: [...config.detect.tcpPorts] },
    telemetry: {
      ...config.telemetry,
      otlpEndpoint: otlpEndpoint === undefined ? undefined : redactUrl(otlpEndpoint),
    },
  };
}

function readWorkload(env: EnvReader): Workload {
  return {
    app: env.get(VARIABLES.app, SERVICE_NAME, ''),
    namespace: env.get(VARIABLES.namespace, NAME, DEFAULT_NAMESPACE),
    lane: env.get(VARIABLES.lane, LANE_NAME, BASELINE),
    pod: env.get(VARIABLES.pod, kind.TEXT, ''),
    zone: env.get(VARIABLES.zone, kind.TEXT, undefined),
  };
}

function readDiscovery(env: EnvReader): DiscoveryConfig | undefined {
  const address = env.get(VARIABLES.discoveryAddress, kind.ADDRESS, undefined);
  const ca = env.get(VARIABLES.discoveryCa, CERTIFICATES, undefined);
  const caFile = env.get(VARIABLES.discoveryCaFile, kind.TEXT, undefined);
  if (ca !== undefined && caFile !== undefined) {
    env.problem(
      VARIABLES.discoveryCaFile,
      `expected this or ${VARIABLES.discoveryCa}, found both; unset one`,
    );
  }
  const tokenFile = env.get(VARIABLES.discoveryTokenFile, kind.TEXT, DEFAULT_SETTINGS.discoveryTokenFile);
  const waitMs = env.get(
    VARIABLES.discoveryWaitMs,
    kind.milliseconds(0, 10_000),
    DEFAULT_SETTINGS.discoveryWaitMs,
  );
  return address === undefined ? undefined : { address, ca, caFile, tokenFile, waitMs };
}

function readDetect(env: EnvReader): DetectConfig {
  return {
    timeoutMs: env.get(
      VARIABLES.detectTimeoutMs,
      kind.milliseconds(1, 10_000),
      DEFAULT_SETTINGS.detectTimeoutMs,
    ),
    tcpPorts: new Set(env.get(VARIABLES.tcpPorts, kind.list(kind.PORT), DEFAULT_SETTINGS.tcpPorts)),
  };
}

function readLimits(env: EnvReader, drainDelayMs: number): Limits {
  const time = (variable: string, min: number, max: number, fallback: number): number =>
    env.get(variable, kind.milliseconds(min, max), fallback);
  const count = (variable: string, min: number, max: number, fallback: number): number =>
    env.get(variable, kind.integer(min, max), fallback);
  return {
    connectTimeoutMs: time(VARIABLES.connectTimeoutMs, 1, HOUR_MS, DEFAULT_SETTINGS.connectTimeoutMs),
    headTimeoutMs: time(VARIABLES.headTimeoutMs, 1, HOUR_MS, DEFAULT_SETTINGS.headTimeoutMs),
    idleTimeoutMs: time(VARIABLES.idleTimeoutMs, 1, DAY_MS, DEFAULT_SETTINGS.idleTimeoutMs),
    responseTimeoutMs: time(VARIABLES.responseTimeoutMs, 0, DAY_MS, DEFAULT_SETTINGS.responseTimeoutMs),
    drainDelayMs: time(VARIABLES.drainDelayMs, 0, HOUR_MS, drainDelayMs),
    drainTimeoutMs: time(VARIABLES.drainTimeoutMs, 0, DAY_MS, DEFAULT_SETTINGS.drainTimeoutMs),
    maxHeadBytes: count(VARIABLES.maxHeadBytes, 1024, 1024 * 1024, DEFAULT_SETTINGS.maxHeadBytes),
    maxConnections: count(VARIABLES.maxConnections, 1, 1_000_000, DEFAULT_SETTINGS.maxConnections),
  };
}

function readTelemetry(env: EnvReader): TelemetryConfig {
  return {
    hopCapacity: env.get(VARIABLES.hopCapacity, kind.integer(0, 1_000_000), DEFAULT_SETTINGS.hopCapacity),
    accessLogSample: env.get(VARIABLES.accessLogSample, kind.number(0, 1), DEFAULT_SETTINGS.accessLogSample),
    logLevel: env.get(VARIABLES.logLevel, kind.choice(...LOG_LEVELS), DEFAULT_SETTINGS.logLevel),
    otlpEndpoint: env.get(OTLP_ENDPOINT, kind.HTTP_URL, undefined),
  };
}

/** Credentials go, and the query, where tokens travel as well. */
function redactUrl(text: string): string {
  const url = new URL(text);
  url.username &&= 'redacted';
  url.password &&= 'redacted';
  if (url.search !== '') url.search = '?redacted';
  return url.href;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
