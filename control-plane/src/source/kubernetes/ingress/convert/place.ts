import type { EdgeCanary } from '@lanekeeper/protocol/edge';
import type { IngressSettings } from '@lanekeeper/mesh-file/ingress-annotations/ingress-settings';
import type { RankedRule } from '../../edge/sort-rules.ts';
import type { IngressPath, KubeIngress } from '../read/kube-ingress.ts';

/** An Ingress with its annotations read. */
export interface ReadIngress {
  readonly ingress: KubeIngress;
  readonly settings: IngressSettings;
}

/** One host and path: what an Ingress has claimed, and the canaries that others have put there. */
export interface Place {
  readonly host: string;
  readonly owner: ReadIngress;
  readonly rule: RankedRule;
  readonly canaries: RankedCanary[];
}

export interface RankedCanary {
  /** Smaller first. */
  readonly order: number;
  readonly canary: EdgeCanary;
}

export function ingressName({ meta }: KubeIngress): string {
  return `${meta.namespace}/${meta.name}`;
}

/** What two Ingresses cannot both have; `/a` and `/a/` are the same prefix. */
export function placeKey(host: string, { path, type }: Pick<IngressPath, 'path' | 'type'>): string {
  return type === 'Exact'
    ? `${host}=${path}`
    : `${host} ${path.length > 1 ? path.replace(/\/+$/, '') : path}`;
}
