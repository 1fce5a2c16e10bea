import { hostname } from 'node:os';
import { PORTS } from '@lanekeeper/protocol/ports';
import { INJECTOR_VARIABLES as NAMES } from '@lanekeeper/protocol/variables';
import type { CertificateFiles } from '@lanekeeper/runtime/certificate-files';
import { EnvReader, type EnvSource } from '@lanekeeper/runtime/env';
import * as kind from '@lanekeeper/runtime/env-kinds';
import { LOG_LEVELS, type LogLevel } from '@lanekeeper/runtime/log';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { LeafName } from './certificates/rotation.ts';
import type { SidecarTemplate } from './patch/template.ts';

/** Everything that the environment decides, parsed once at start. */
export interface InjectorConfig {
  readonly listen: SocketAddress;
  readonly statusListen: SocketAddress;
  readonly source: FileSettings | KubernetesSettings;
  readonly factsTimeoutMs: number;
  /** The injector's own; pods there are left alone. */
  readonly namespace: string;
  readonly template: Omit<SidecarTemplate, 'discovery'>;
  /** `host:port` of the control plane; undefined: sidecars are told of none. */
  readonly discoveryAddress: string | undefined;
  /** Served on, but not ready: until the API server's node has heard that this replica goes. */
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly logLevel: LogLevel;
}

/** No API server is asked. */
export interface FileSettings {
  readonly kind: 'file';
  readonly certificate: CertificateFiles;
  /** What is known of the cluster, as JSON. */
  readonly factsFile: string;
  /** PEM that sidecars are to trust. */
  readonly discoveryCaFile: string | undefined;
}

export interface KubernetesSettings {
  readonly kind: 'kubernetes';
  readonly certificates: 'self-signed' | 'cert-manager';
  readonly caLifeMs: number;
  readonly leafLifeMs: number;
  readonly names: Readonly<Record<LeafName, readonly string[]>>;
  readonly webhookConfiguration: string;
  readonly nativeSidecars: 'auto' | 'true' | 'false';
  /** Unique among the replicas. */
  readonly pod: string;
  readonly reconcileMs: number;
}

const PREFIX = 'LANEKEEPER_INJECTOR_';
const QUANTITY = kind.matching('a quantity such as 50m, 1, 64Mi', (text) =>
  /^[0-9]+(?:\.[0-9]+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.test(text),
);
const DAY_MS = 86_400_000;
const ADDRESS_WITH_NAME = kind.matching('host:port', (text) =>
  /^[a-z0-9][-a-z0-9.]*:[0-9]{1,5}$/i.test(text),
);
const CERTIFICATE_NAMES = kind.list(
  kind.matching('a DNS name or an IP address', (text) => /^[a-z0-9*:][-a-z0-9.:]*$/i.test(text)),
);
const IMAGE = kind.matching('an image such as registry.example/lanekeeper/sidecar:1.0', (text) =>
  /^[a-z0-9][-\w.:/@]{0,511}$/i.test(text),
);

/** Reads and checks every variable. Throws one ConfigError with all that is wrong. */
export function parseConfig(source: EnvSource): InjectorConfig {
  const env = new EnvReader(source);
  const namespace = env.get(NAMES.namespace, kind.TEXT, 'lanekeeper-system');
  const isFile = env.get(NAMES.source, kind.choice('kubernetes', 'file'), 'kubernetes') === 'file';
  const inCluster = isFile ? undefined : `lanekeeper-control-plane.${namespace}.svc:${PORTS.discovery}`;
  const discoveryAddress = env.get(NAMES.discoveryAddress, ADDRESS_WITH_NAME, inCluster);
  const config: InjectorConfig = {
    listen: env.get(NAMES.listen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.webhook }),
    statusListen: env.get(NAMES.statusListen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.status }),
    source: isFile ? readFileSettings(env) : readKubernetesSettings(env, namespace, discoveryAddress ?? ''),
    factsTimeoutMs: env.get(NAMES.factsTimeoutMs, kind.milliseconds(1, 10_000), 3_000),
    namespace,
    template: readTemplate(env),
    discoveryAddress,
    drainDelayMs: env.get(NAMES.drainDelayMs, kind.milliseconds(0, 60_000), 5_000),
    drainTimeoutMs: env.get(NAMES.drainTimeoutMs, kind.milliseconds(0, 600_000), 25_000),
    logLevel: env.get(NAMES.logLevel, kind.choice(...LOG_LEVELS), 'info'),
  };
  env.finish(PREFIX);
  return config;
}

function readFileSettings(env: EnvReader): FileSettings {
  return {
    kind: 'file',
    certificate: {
      certificateFile: required(env, NAMES.certificateFile, kind.TEXT),
      keyFile: required(env, NAMES.keyFile, kind.TEXT),
      pollMs: env.get(NAMES.certificatePollMs, kind.milliseconds(10, 600_000), 10_000),
    },
    factsFile: required(env, NAMES.factsFile, kind.TEXT),
    discoveryCaFile: env.get(NAMES.discoveryCaFile, kind.TEXT, undefined),
  };
}

function readKubernetesSettings(
  env: EnvReader,
  namespace: string,
  discoveryAddress: string,
): KubernetesSettings {
  const life = kind.milliseconds(1_000, 36_500 * DAY_MS);
  const discoveryHost = discoveryAddress.replace(/:[0-9]+$/, '');
  return {
    kind: 'kubernetes',
    certificates: env.get(NAMES.certificates, kind.choice('self-signed', 'cert-manager'), 'self-signed'),
    caLifeMs: env.get(NAMES.caLifeMs, life, 3_650 * DAY_MS),
    leafLifeMs: env.get(NAMES.leafLifeMs, life, 90 * DAY_MS),
    names: {
      webhook: env.get(
        NAMES.webhookNames,
        CERTIFICATE_NAMES,
        serviceNames(`lanekeeper-injector.${namespace}.svc`),
      ),
      discovery: env.get(NAMES.discoveryNames, CERTIFICATE_NAMES, serviceNames(discoveryHost)),
    },
    webhookConfiguration: env.get(NAMES.webhookConfiguration, kind.TEXT, 'lanekeeper-injector'),
    nativeSidecars: env.get(NAMES.nativeSidecars, kind.choice('auto', 'true', 'false'), 'auto'),
    pod: env.get(NAMES.pod, kind.TEXT, hostname()),
    reconcileMs: env.get(NAMES.reconcileMs, kind.milliseconds(100, DAY_MS), 30_000),
  };
}

/** `b.shop.svc` is also found as `b.shop` and, in a cluster of the usual domain, as `b.shop.svc.cluster.local`. */
function serviceNames(host: string): readonly string[] {
  const name = /^(.+)\.svc$/.exec(host)?.[1];
  return name === undefined ? [host] : [host, `${host}.cluster.local`, name];
}

function readTemplate(env: EnvReader): InjectorConfig['template'] {
  return {
    sidecarImage: required(env, NAMES.sidecarImage, IMAGE),
    redirectImage: required(env, NAMES.redirectImage, IMAGE),
    imagePullPolicy: env.get(
      NAMES.imagePullPolicy,
      kind.choice('Always', 'IfNotPresent', 'Never'),
      undefined,
    ),
    resources: {
      cpuRequest: env.get(NAMES.cpuRequest, QUANTITY, '50m'),
      memoryRequest: env.get(NAMES.memoryRequest, QUANTITY, '96Mi'),
      cpuLimit: env.get(NAMES.cpuLimit, QUANTITY, undefined),
      memoryLimit: env.get(NAMES.memoryLimit, QUANTITY, '256Mi'),
    },
    tokenAudience: env.get(NAMES.tokenAudience, kind.TEXT, 'lanekeeper'),
    ipv6: env.get(NAMES.ipv6, kind.choice('true', 'false'), 'false') === 'true',
    probes: env.get(NAMES.probes, kind.choice('keep', 'rewrite'), 'rewrite'),
  };
}

function required(env: EnvReader, name: string, as: kind.EnvKind<string>): string {
  if (env.given(name) === undefined) env.problem(name, `required: ${as.expected}`);
  return env.get(name, as, '');
}
