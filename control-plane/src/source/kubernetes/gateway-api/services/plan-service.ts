import { hash } from 'node:crypto';
import { contentHash } from '../../../../catalog/content-hash.ts';
import type { GatewayServiceType } from '../../../../config.ts';
import type { KubeGateway } from '../objects.ts';
import { GATEWAY_ANNOTATION, TARGET_PORTS, type PlacedService } from './gateway-places.ts';

export interface PlanContext {
  /** Where gateway pods are. */
  readonly namespace: string;
  readonly type: GatewayServiceType;
  /** Target ports that other Gateways have. */
  readonly taken: ReadonlySet<number>;
}

export interface ServicePlan {
  readonly name: string;
  /** The Gateway's port -> target port. */
  readonly targetPorts: ReadonlyMap<number, number>;
  /** As it is applied. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Which pods it leads to: those that the chart makes. */
export const GATEWAY_PODS = {
  'app.kubernetes.io/name': 'lanekeeper',
  'app.kubernetes.io/component': 'gateway',
} as const;

/** Of what was applied, to see whether something else is wanted. */
const APPLIED = 'lanekeeper.io/gateway-applied';
const MOST_IN_NAME = 63;
const OURS = 'lanekeeper.io/';

/** The Service that a Gateway should have. Ports that it has already keep their target ports. */
export function planService(
  gateway: KubeGateway,
  present: PlacedService | undefined,
  context: PlanContext,
): ServicePlan {
  const { name, namespace } = gateway.meta;
  const key = `${namespace}/${name}`;
  const targetPorts = allocate(key, portsOf(gateway), { present, taken: context.taken });
  const spec = {
    type: context.type,
    selector: GATEWAY_PODS,
    ports: [...targetPorts].map(([port, targetPort]) => ({
      ...{ name: portName(gateway, port), port, targetPort, protocol: 'TCP' },
    })),
  };
  const { labels, annotations } = gateway.infrastructure;
  const wished = {
    labels: {
      ...withoutOurs(labels),
      ...GATEWAY_PODS,
      'app.kubernetes.io/managed-by': 'lanekeeper',
      // A label holds less than a name.
      ...(name.length <= MOST_IN_NAME ? { 'gateway.networking.k8s.io/gateway-name': name } : {}),
    },
    annotations: { ...withoutOurs(annotations), [GATEWAY_ANNOTATION]: key },
  };
  const applied = contentHash(JSON.stringify({ wished, spec }));
  return {
    name: serviceName(gateway),
    targetPorts,
    manifest: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...{ name: serviceName(gateway), namespace: context.namespace },
        ...{ labels: wished.labels, annotations: { ...wished.annotations, [APPLIED]: applied } },
      },
      spec,
    },
  };
}

/** Whether the Service that is there says what is planned. */
export function isApplied(
  { targetPorts, manifest }: ServicePlan,
  present: PlacedService | undefined,
): boolean {
  if (present === undefined) return false;
  const { annotations } = manifest['metadata'] as { readonly annotations: Readonly<Record<string, string>> };
  if (present.service.meta.annotations[APPLIED] !== annotations[APPLIED]) return false;
  // Somebody may have changed it since it was applied.
  return (
    present.targetPorts.size === targetPorts.size &&
    [...targetPorts].every(([port, target]) => present.targetPorts.get(port) === target)
  );
}

/** For people, and a hash that tells apart what is cut off or joined to the same. */
export function serviceName({ meta: { namespace, name } }: KubeGateway): string {
  const suffix = hash('sha256', `${namespace}/${name}`, 'hex').slice(0, 8);
  const readable = `gw-${namespace}-${name}`.replaceAll('.', '-').slice(0, MOST_IN_NAME - 1 - suffix.length);
  return `${readable.replace(/-+$/, '')}-${suffix}`;
}

function portsOf({ listeners }: KubeGateway): readonly number[] {
  const served = listeners.filter(({ protocol }) => protocol === 'HTTP' || protocol === 'HTTPS');
  return [...new Set(served.map(({ port }) => port))].sort((a, b) => a - b);
}

/** As sidecars read it: what is encrypted is carried as it is. */
function portName({ listeners }: KubeGateway, port: number): string {
  const isEncrypted = listeners.some((listener) => listener.port === port && listener.protocol === 'HTTPS');
  return `${isEncrypted ? 'https' : 'http'}-${port}`;
}

function withoutOurs(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !name.startsWith(OURS)));
}

interface Allocation {
  readonly present: PlacedService | undefined;
  readonly taken: ReadonlySet<number>;
}

/** A place by hash, so that a port that one Gateway has left is seldom the next one's; the nearest free one above it. */
function allocate(
  key: string,
  ports: readonly number[],
  { present, taken }: Allocation,
): ReadonlyMap<number, number> {
  const allocated = new Map<number, number>();
  const used = new Set(taken);
  for (const port of ports) {
    const kept = present?.targetPorts.get(port);
    if (kept === undefined || used.has(kept)) continue;
    used.add(kept);
    allocated.set(port, kept);
  }
  for (const port of ports) {
    const target = allocated.has(port) ? undefined : firstFree(`${key} ${port}`, used);
    if (target === undefined) continue;
    used.add(target);
    allocated.set(port, target);
  }
  return new Map([...allocated].sort(([a], [b]) => a - b));
}

/** Undefined: there is none. */
function firstFree(seed: string, used: ReadonlySet<number>): number | undefined {
  const { from, count } = TARGET_PORTS;
  const start = Number.parseInt(hash('sha256', seed, 'hex').slice(0, 8), 16) % count;
  for (let step = 0; step < count; step++) {
    const port = from + ((start + step) % count);
    if (!used.has(port)) return port;
  }
  return undefined;
}
