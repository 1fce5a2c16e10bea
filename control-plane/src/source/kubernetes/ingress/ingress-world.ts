import { DEFAULT_GATEWAY_CONFIG_SPEC } from '@lanekeeper/mesh-file/objects/decode-gateway-config';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { CONTROLLER_NAME } from '../../../status/controller-name.ts';
import { policyOf, type GatewayConfigs } from '../edge/gateway-configs.ts';
import { GATEWAY_CONFIGS, MSE_INGRESS_CONFIGS, type ParametersRef } from '../edge/parameters.ts';
import type { EdgeContext } from '../edge/edge-kind.ts';
import type { IngressEntry, IngressWorld } from './convert/convert-ingresses.ts';
import { isOurs } from './convert/ingress-class.ts';
import type { KubeIngressClass } from './read/read-ingress-class.ts';
import type { IngressWatch } from './watch-ingresses.ts';

/** Container ports of the chart's gateway, behind its Service. */
const HTTP_PORT = 8080;
const HTTPS_PORT = 8443;

export interface IngressSurroundings {
  readonly watch: IngressWatch;
  readonly configs: Pick<GatewayConfigs, 'specOf'>;
  readonly context: Pick<EdgeContext, 'backends' | 'secrets'>;
}

export interface JudgedWorld {
  readonly world: IngressWorld;
  /** Of the class that says how the fleet listens. */
  readonly parameters: ParametersRef | undefined;
  /** What of the classes cannot be taken as it is, as sentences. */
  readonly findings: readonly string[];
}

/** What the conversion looks at, as it is now. The first class by name whose parameters are there says how the fleet listens. */
export function ingressWorld({ watch, configs, context }: IngressSurroundings): JudgedWorld {
  const ours = [...watch.classes.values()]
    .filter(({ controller }) => controller === CONTROLLER_NAME)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const classes = {
    names: new Set(ours.map(({ name }) => name)),
    isDefault: ours.some((one) => one.isDefault),
  };
  const { entry, defaultSecret, parameters, findings } = entryOf(ours, configs);
  const { secrets } = context;
  return {
    world: {
      ingresses: [...watch.ingresses.values()].filter(
        (ingress) => !ingress.meta.isTerminating && isOurs(ingress, classes),
      ),
      view: context.backends,
      secret: (id) => secrets.material(id),
      entry,
      defaultSecret,
    },
    parameters,
    findings: [...findings, ...defaultFindings(defaultSecret, secrets)],
  };
}

/** Of the certificate that the fleet has for hosts without one of their own. */
function defaultFindings(id: string | undefined, secrets: EdgeContext['secrets']): readonly string[] {
  const material = id === undefined ? undefined : secrets.material(id);
  if (id === undefined || material?.kind === 'valid') return [];
  const why =
    material === undefined
      ? `there is no Secret ${id} of type kubernetes.io/tls`
      : `the Secret ${id} cannot be used: ${material.problem}`;
  return [`the gateway's own certificate: ${why}; hosts without one of theirs are not served by https`];
}

interface Entry extends Pick<JudgedWorld, 'parameters'> {
  readonly entry: IngressEntry;
  readonly defaultSecret: string | undefined;
  readonly findings: readonly string[];
}

function entryOf(ours: readonly KubeIngressClass[], configs: Pick<GatewayConfigs, 'specOf'>): Entry {
  const [first] = ours;
  const withParameters = ours.find(({ parameters }) => parameters !== undefined);
  const { parameters } = withParameters ?? {};
  const spec = parameters === undefined ? undefined : configs.specOf(parameters);
  const findings =
    parameters !== undefined && spec === undefined
      ? [
          `IngressClass ${withParameters?.name}: ${whyWithout(parameters)}; nobody is let in by Ingresses until there is one`,
        ]
      : [];
  const { http, https, ...rest } = spec ?? DEFAULT_GATEWAY_CONFIG_SPEC;
  const policy = policyOf(rest);
  const closed = { ...policy, deny: ['0.0.0.0/0', '::/0'] };
  return {
    entry: {
      className: first?.name ?? 'lanekeeper',
      // An access list that cannot be read must not open what was to be closed.
      policy: findings.length > 0 ? closed : policy,
      http: http === undefined ? undefined : { port: HTTP_PORT, publicPort: http.port },
      https: https === undefined ? undefined : { port: HTTPS_PORT, publicPort: https.port },
    },
    parameters,
    defaultSecret: https?.secret === undefined ? undefined : serviceId(https.secret),
    findings,
  };
}

/** Why parameters say nothing. */
function whyWithout({ kind, name, namespace }: ParametersRef): string {
  if (kind === MSE_INGRESS_CONFIGS.kind) return `there is no ${kind} ${name}`;
  if (kind !== GATEWAY_CONFIGS.kind) {
    return `its parameters are of kind ${kind}; expected ${GATEWAY_CONFIGS.kind} or ${MSE_INGRESS_CONFIGS.kind}`;
  }
  return namespace === ''
    ? `its parameters name no namespace; a ${kind} has one (scope: Namespace)`
    : `there is no ${kind} ${namespace}/${name} that could be in force`;
}
