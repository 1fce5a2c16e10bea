import { createEventRecorder, type EventRecorder } from '@lanekeeper/kubernetes/events';
import { INGRESSES } from '@lanekeeper/kubernetes/resources';
import type { EdgeContext } from '../edge/edge-kind.ts';
import { CONTROLLER_NAME } from '../../../status/controller-name.ts';
import type { KubeService } from '../objects.ts';
import type { IngressProblem } from './convert/ingress-problem.ts';
import { ingressName } from './convert/place.ts';
import type { KubeIngress } from './read/kube-ingress.ts';

/** Says beside Ingresses where they are served and what of them is not. */
export interface IngressStatuses {
  /** What is told once is not told again while it stays. */
  tell(ingresses: readonly KubeIngress[], problems: readonly IngressProblem[]): void;
  stop(): void;
}

/** The chart's Service, through which clients of Ingresses come in. */
export const GATEWAY_SERVICE = 'lanekeeper-gateway';

export function createIngressStatuses(context: EdgeContext): IngressStatuses {
  const { client, log, namespace, pod, statuses, isLeader, tables } = context;
  const events: EventRecorder = createEventRecorder({
    ...{ client, log, controller: CONTROLLER_NAME, instance: pod },
  });
  let served = new Map<string, KubeIngress>();
  let told: ReadonlySet<string> = new Set();
  return {
    tell(ingresses, problems) {
      const before = served;
      served = new Map(ingresses.map((ingress) => [ingressName(ingress), ingress]));
      const addresses = addressesOf(tables.services.get(`${namespace}/${GATEWAY_SERVICE}`));
      const status = { loadBalancer: { ingress: addresses.map(asIngress) } };
      for (const ingress of ingresses) statuses.want(refOf(ingress), status, undefined);
      for (const [name, ingress] of before) if (!served.has(name)) statuses.forget(refOf(ingress));
      if (!isLeader()) return;
      for (const problem of problems) if (!told.has(keyOf(problem))) record(events, served, problem);
      told = new Set(problems.map(keyOf));
    },
    stop: () => void events.close(),
  };
}

function record(
  events: EventRecorder,
  ingresses: ReadonlyMap<string, KubeIngress>,
  { ingress, reason, message }: IngressProblem,
): void {
  const meta = ingresses.get(ingress)?.meta;
  if (meta === undefined) return;
  const { name, namespace, uid } = meta;
  const regarding = { resource: INGRESSES, name, namespace, uid };
  events.record({ regarding, type: 'Warning', reason, action: 'Serve', note: message });
}

function addressesOf(service: KubeService | undefined): readonly string[] {
  if (service === undefined) return [];
  return service.type === 'LoadBalancer' ? (service.loadBalancer ?? []) : service.clusterIPs;
}

function asIngress(address: string): { readonly ip: string } | { readonly hostname: string } {
  return /^[0-9.]+$|:/.test(address) ? { ip: address } : { hostname: address };
}

function refOf({ meta }: KubeIngress) {
  return { resource: INGRESSES, namespace: meta.namespace, name: meta.name };
}

function keyOf({ ingress, reason, message }: IngressProblem): string {
  return `${ingress} ${reason} ${message}`;
}
