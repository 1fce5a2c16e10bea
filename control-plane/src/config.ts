import { PORTS } from '@lanekeeper/protocol/ports';
import { CONTROL_PLANE_VARIABLES as NAMES } from '@lanekeeper/protocol/variables';
import type { CredentialsSource } from '@lanekeeper/kubernetes/load-credentials';
import type { CertificateFiles } from '@lanekeeper/runtime/certificate-files';
import { EnvReader, type EnvSource } from '@lanekeeper/runtime/env';
import * as kind from '@lanekeeper/runtime/env-kinds';
import { LOG_LEVELS, type LogLevel } from '@lanekeeper/runtime/log';
import { formatAddress, isHost, isLoopback, type SocketAddress } from '@lanekeeper/runtime/socket-address';

/** Everything that the environment decides, parsed once at start. */
export interface ControlPlaneConfig {
  readonly listen: SocketAddress;
  readonly statusListen: SocketAddress;
  readonly source: SourceConfig;
  /** Undefined: no TLS, on loopback only. */
  readonly certificate: CertificateFiles | undefined;
  readonly clusterDomain: string;
  /** Served on, but not ready: until DNS no longer names this replica. */
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly logLevel: LogLevel;
}

export type SourceConfig = KubernetesSourceConfig | FileSourceConfig;

export interface KubernetesSourceConfig {
  readonly kind: 'kubernetes';
  /** Where the API server is. */
  readonly api: CredentialsSource;
  readonly tokenAudience: string;
  /** The control plane's own. */
  readonly namespace: string;
  /** Its pod's name, unique among the replicas. */
  readonly pod: string;
}

export interface FileSourceConfig {
  readonly kind: 'file';
  readonly path: string;
}

const PREFIX = 'LANEKEEPER_CONTROL_PLANE_';
const DOMAIN = kind.matching('a domain such as cluster.local', isHost);

/** Reads and checks every variable. Throws one ConfigError with all that is wrong. */
export function parseConfig(source: EnvSource): ControlPlaneConfig {
  const env = new EnvReader(source);
  const from = env.get(NAMES.source, kind.choice('kubernetes', 'file'), 'kubernetes');
  const config: ControlPlaneConfig = {
    listen: env.get(NAMES.listen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.discovery }),
    statusListen: env.get(NAMES.statusListen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.status }),
    source: from === 'file' ? readFileSource(env) : readKubernetesSource(env, source),
    certificate: readCertificate(env),
    clusterDomain: env.get(NAMES.clusterDomain, DOMAIN, 'cluster.local'),
    drainDelayMs: env.get(NAMES.drainDelayMs, kind.milliseconds(0, 60_000), 5_000),
    drainTimeoutMs: env.get(NAMES.drainTimeoutMs, kind.milliseconds(0, 600_000), 25_000),
    logLevel: env.get(NAMES.logLevel, kind.choice(...LOG_LEVELS), 'info'),
  };
  checkExposure(env, config);
  env.finish(PREFIX);
  return config;
}

function readKubernetesSource(env: EnvReader, source: EnvSource): KubernetesSourceConfig {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, HOME } = source;
  return {
    kind: 'kubernetes',
    api: { KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, HOME },
    tokenAudience: env.get(NAMES.tokenAudience, kind.TEXT, 'lanekeeper'),
    namespace: env.get(NAMES.namespace, kind.TEXT, 'lanekeeper-system'),
    pod: required(env, NAMES.pod, 'the name of this pod'),
  };
}

function readFileSource(env: EnvReader): FileSourceConfig {
  return { kind: 'file', path: required(env, NAMES.meshFile, 'the path of a mesh file') };
}

/** A pair, or nothing. */
function readCertificate(env: EnvReader): CertificateFiles | undefined {
  const certificateFile = env.get(NAMES.certificateFile, kind.TEXT, undefined);
  const keyFile = env.get(NAMES.keyFile, kind.TEXT, undefined);
  const pollMs = env.get(NAMES.certificatePollMs, kind.milliseconds(10, 600_000), 10_000);
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile, pollMs };
  if (certificateFile !== undefined) env.problem(NAMES.keyFile, 'required where there is a certificate');
  if (keyFile !== undefined) env.problem(NAMES.certificateFile, 'required where there is a key');
  return undefined;
}

/** Without the API server nobody can say who a token is of: whoever asks is answered, so nobody else may be able to ask. */
function checkExposure(env: EnvReader, { listen, source, certificate }: ControlPlaneConfig): void {
  const authentication = env.get(NAMES.authentication, kind.choice('token', 'none'), 'token');
  const isOpen = authentication === 'none';
  if (source.kind === 'file' && !isOpen) {
    env.problem(
      NAMES.authentication,
      'expected none with source file: there is no API server to review tokens',
    );
  }
  if (source.kind === 'kubernetes' && isOpen) {
    env.problem(NAMES.authentication, 'expected token with source kubernetes');
  }
  if (source.kind === 'kubernetes' && certificate === undefined) {
    env.problem(NAMES.certificateFile, 'required with source kubernetes: tokens travel over TLS only');
  }
  if (isOpen && !isLoopback(listen.address)) {
    const found = formatAddress(listen);
    env.problem(NAMES.listen, `expected a loopback address without authentication, found ${found}`);
  }
}

function required(env: EnvReader, name: string, expected: string): string {
  const text = env.get(name, kind.TEXT, undefined);
  if (text === undefined) env.problem(name, `required: ${expected}`);
  return text ?? '';
}
