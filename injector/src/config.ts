import { PORTS } from '@lanekeeper/protocol/ports';
import { INJECTOR_VARIABLES as NAMES } from '@lanekeeper/protocol/variables';
import { EnvReader, type EnvSource } from '@lanekeeper/runtime/env';
import * as kind from '@lanekeeper/runtime/env-kinds';
import { LOG_LEVELS, type LogLevel } from '@lanekeeper/runtime/log';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { SidecarTemplate } from './patch/template.ts';

/** Everything that the environment decides, parsed once at start. */
export interface InjectorConfig {
  readonly listen: SocketAddress;
  readonly statusListen: SocketAddress;
  readonly certificate: CertificateFiles;
  /** What is known of the cluster, as JSON; until the Kubernetes client is there. */
  readonly factsFile: string;
  readonly factsTimeoutMs: number;
  /** The injector's own; pods there are left alone. */
  readonly namespace: string;
  readonly template: SidecarTemplate;
  /** Served on, but not ready: until the API server's node has heard that this replica goes. */
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly logLevel: LogLevel;
}

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly pollMs: number;
}

const PREFIX = 'LANEKEEPER_INJECTOR_';
const QUANTITY = kind.matching('a quantity such as 50m, 1, 64Mi', (text) =>
  /^[0-9]+(?:\.[0-9]+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.test(text),
);
const IMAGE = kind.matching('an image such as registry.example/lanekeeper/sidecar:1.0', (text) =>
  /^[a-z0-9][-\w.:/@]{0,511}$/i.test(text),
);

/** Reads and checks every variable. Throws one ConfigError with all that is wrong. */
export function parseConfig(source: EnvSource): InjectorConfig {
  const env = new EnvReader(source);
  const config: InjectorConfig = {
    listen: env.get(NAMES.listen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.webhook }),
    statusListen: env.get(NAMES.statusListen, kind.ADDRESS, { address: '0.0.0.0', port: PORTS.status }),
    certificate: {
      certificateFile: required(env, NAMES.certificateFile, kind.TEXT),
      keyFile: required(env, NAMES.keyFile, kind.TEXT),
      pollMs: env.get(NAMES.certificatePollMs, kind.milliseconds(10, 600_000), 10_000),
    },
    factsFile: required(env, NAMES.factsFile, kind.TEXT),
    factsTimeoutMs: env.get(NAMES.factsTimeoutMs, kind.milliseconds(1, 10_000), 3_000),
    namespace: env.get(NAMES.namespace, kind.TEXT, 'lanekeeper-system'),
    template: readTemplate(env),
    drainDelayMs: env.get(NAMES.drainDelayMs, kind.milliseconds(0, 60_000), 5_000),
    drainTimeoutMs: env.get(NAMES.drainTimeoutMs, kind.milliseconds(0, 600_000), 25_000),
    logLevel: env.get(NAMES.logLevel, kind.choice(...LOG_LEVELS), 'info'),
  };
  env.finish(PREFIX);
  return config;
}

function readTemplate(env: EnvReader): SidecarTemplate {
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
    probes: env.get(NAMES.probes, kind.choice('keep', 'rewrite'), 'keep'),
  };
}

function required(env: EnvReader, name: string, as: kind.EnvKind<string>): string {
  if (env.given(name) === undefined) env.problem(name, `required: ${as.expected}`);
  return env.get(name, as, '');
}
