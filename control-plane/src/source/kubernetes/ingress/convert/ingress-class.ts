import type { KubeIngress } from '../read/kube-ingress.ts';

/** Which Ingresses are ours to serve. */
export interface OurClasses {
  /** Names of IngressClasses whose controller we are. */
  readonly names: ReadonlySet<string>;
  /** One of them is the cluster's default. */
  readonly isDefault: boolean;
}

export function isOurs({ className }: KubeIngress, { names, isDefault }: OurClasses): boolean {
  return className === undefined || className === '' ? isDefault : names.has(className);
}
