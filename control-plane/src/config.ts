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
  readonly sources: SourcesConfig;
  readonly authentication: AuthenticationConfig;
  /** Undefined: no TLS, on loopback only. */
  readonly certificate: CertificateFiles | undefined;
  readonly clusterDomain: string;
  /** Served on, but not ready: until DNS no longer names this replica. */
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  /** So long at most new rules of a lane wait until all of its sidecars route it. */
  readonly laneTimeoutMs: number;
  readonly logLevel: LogLevel;
}

/** What the mesh is known from; at least one is not undefined. */
export interface SourcesConfig {
  readonly kubernetes: KubernetesSourceConfig | undefined;
  readonly nacos: FileConfig | undefined;
  readonly file: FileConfig | undefined;
}

export interface KubernetesSourceConfig {
  /** Where the API server is. */
  readonly api: CredentialsSource;
  /** The control plane's own. */
  readonly namespace: string;
  /** Its pod's name, unique among the replicas. */
  readonly pod: string;
  /** `namespace/name` of the service account that gateways have; undefined: there are none. */
  readonly gatewayAccount?: string | undefined;
  /** Of the Services that Gateways get; default `ClusterIP`. */
  readonly gatewayServiceType?: GatewayServiceType;
}

export type GatewayServiceType = (typeof GATEWAY_SERVICE_TYPES)[number];

export interface FileConfig {
  readonly path: string;
}

export type AuthenticationConfig =
  /** The API server of source kubernetes reviews tokens for this audience. */
  | { readonly kind: 'token'; readonly audience: string }
  /** A file says which tokens there are. */
  | { readonly kind: 'static'; readonly path: string }
  | { readonly kind: 'none' };

const PREFIX = 'LANEKEEPER_CONTROL_PLANE_';
const DOMAIN = kind.matching('a domain such as cluster.local', isHost);

/** As the API server names them. */
const SERVICE_ACCOUNT = kind.matching('a service account as namespace/name', (text) =>
  /^[a-z0-9][-a-z0-9]{0,62}\/[a-z0-9][-.a-z0-9]{0,252}$/.test(text),
);

const GATEWAY_SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const;

const SOURCES = ['kubernetes', 'nacos', 'file'] as const;
type SourceKind = (typeof SOURCES)[number];

const KINDS: kind.EnvKind<readonly SourceKind[]> = {
  expected: `a comma-separated list of ${SOURCES.join(', ')}`,
  parse: (text) => (text === 'none' ? undefined : kind.list(kind.choice(...SOURCES)).parse(text)),
};
const DEFAULT_KINDS: readonly SourceKind[] = ['kubernetes'];

/** Reads and checks every variable. Throws one ConfigError with all that is wrong. */
export function parseConfig(source: EnvSource): ControlPlaneConfig {
  const env = new EnvReader(source);
  const kinds = readKinds(env);
  const config: ControlPlaneConfig = {
    listen: env.get(NAMES.listen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.discovery }),
    statusListen: env.get(NAMES.statusListen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.status }),
    sources: {
      kubernetes: readKubernetes(env, source, kinds.has('kubernetes')),
      nacos: readFile(env, { name: NAMES.nacosFile, owner: 'nacos', isWanted: kinds.has('nacos') }),
      file: readFile(env, { name: NAMES.meshFile, owner: 'file', isWanted: kinds.has('file') }),
    },
    authentication: readAuthentication(env, kinds),
    certificate: readCertificate(env),
    clusterDomain: env.get(NAMES.clusterDomain, DOMAIN, 'cluster.local'),
    drainDelayMs: env.get(NAMES.drainDelayMs, kind.milliseconds(0, 60_000), 5_000),
    drainTimeoutMs: env.get(NAMES.drainTimeoutMs, kind.milliseconds(0, 600_000), 25_000),
    laneTimeoutMs: env.get(NAMES.laneTimeoutMs, kind.milliseconds(100, 600_000), 10_000),
    logLevel: env.get(NAMES.logLevel, kind.choice(...LOG_LEVELS), 'info'),
  };
  checkExposure(env, config);
  env.finish(PREFIX);
  return config;
}

function readKinds(env: EnvReader): ReadonlySet<SourceKind> {
  const kinds = env.get(NAMES.source, KINDS, DEFAULT_KINDS);
  const twice = kinds.find((each, index) => kinds.indexOf(each) < index);
  if (twice !== undefined) env.problem(NAMES.source, `${twice} stands there twice; keep one`);
  return new Set(kinds);
}

function readKubernetes(
  env: EnvReader,
  source: EnvSource,
  isWanted: boolean,
): KubernetesSourceConfig | undefined {
  const namespace = env.get(NAMES.namespace, kind.TEXT, 'lanekeeper-system');
  const pod = env.get(NAMES.pod, kind.TEXT, '');
  const gatewayAccount = env.get(NAMES.gatewayAccount, SERVICE_ACCOUNT, undefined);
  if (!isWanted && gatewayAccount !== undefined)
    env.problem(
      NAMES.gatewayAccount,
      'is of use with source kubernetes only; tokens of a file say role: gateway',
    );
  const gatewayServiceType = env.get(
    NAMES.gatewayServiceType,
    kind.choice(...GATEWAY_SERVICE_TYPES),
    'ClusterIP',
  );
  if (!isWanted) return undefined;
  if (pod === '') env.problem(NAMES.pod, 'required: the name of this pod');
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, HOME } = source;
  const api = { KUBECONFIG, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, HOME };
  return { api, namespace, pod, gatewayAccount, gatewayServiceType };
}

interface FileVariable {
  readonly name: string;
  readonly owner: 'nacos' | 'file' | 'static';
  readonly isWanted: boolean;
}

const FILES = {
  nacos: { expected: 'the path of a file of Nacos registries', owner: 'source nacos' },
  file: { expected: 'the path of a mesh file', owner: 'source file' },
  static: { expected: 'the path of a tokens file', owner: 'authentication static' },
} as const;

function readFile(env: EnvReader, { name, owner, isWanted }: FileVariable): FileConfig | undefined {
  const path = env.get(name, kind.TEXT, undefined);
  const file = FILES[owner];
  if (isWanted && path === undefined) env.problem(name, `required: ${file.expected}`);
  if (!isWanted && path !== undefined) env.problem(name, `is of use with ${file.owner} only`);
  return isWanted ? { path: path ?? '' } : undefined;
}

function readAuthentication(env: EnvReader, kinds: ReadonlySet<SourceKind>): AuthenticationConfig {
  const authentication = env.get(NAMES.authentication, kind.choice('token', 'static', 'none'), 'token');
  const audience = env.get(NAMES.tokenAudience, kind.TEXT, 'lanekeeper');
  const isWanted = authentication === 'static';
  const tokens = readFile(env, { name: NAMES.tokensFile, owner: 'static', isWanted });
  if (authentication === 'token' && !kinds.has('kubernetes')) {
    const otherwise = 'expected static (tokens in a file) or none (loopback only)';
    env.problem(
      NAMES.authentication,
      `${otherwise} without source kubernetes: there is no API server to review tokens`,
    );
  }
  if (authentication === 'none' && kinds.has('kubernetes')) {
    env.problem(NAMES.authentication, 'expected token or static with source kubernetes');
  }
  if (tokens !== undefined) return { kind: 'static', path: tokens.path };
  return authentication === 'none' ? { kind: 'none' } : { kind: 'token', audience };
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

/** Who asks without a token is answered, so only this machine may be able to ask; and a token travels where nobody can read it. */
function checkExposure(env: EnvReader, config: ControlPlaneConfig): void {
  const { listen, sources, authentication, certificate } = config;
  const isLocal = isLoopback(listen.address);
  if (certificate === undefined && sources.kubernetes !== undefined) {
    env.problem(NAMES.certificateFile, 'required with source kubernetes: tokens travel over TLS only');
  } else if (certificate === undefined && authentication.kind === 'static' && !isLocal) {
    const found = formatAddress(listen);
    env.problem(
      NAMES.certificateFile,
      `required: tokens travel over TLS only, unless LISTEN is a loopback address, found ${found}`,
    );
  }
  if (authentication.kind === 'none' && !isLocal) {
    const found = formatAddress(listen);
    env.problem(NAMES.listen, `expected a loopback address without authentication, found ${found}`);
  }
}
