import type { EdgeCertificate } from '@lanekeeper/protocol/edge';
import type { TlsMaterial } from '../../edge/tls-material.ts';
import { covers } from '../../edge/hostnames.ts';
import type { IngressTls, KubeIngress } from '../read/kube-ingress.ts';
import type { IngressProblem } from './ingress-problem.ts';
import { ingressName } from './place.ts';

/** The certificate for a host of an Ingress. */
export type HostTls =
  | { readonly kind: 'certificate'; readonly id: string; readonly certificate: EdgeCertificate }
  /** There is to be TLS, and nothing to do it with: nothing is served there rather than with the wrong certificate. */
  | { readonly kind: 'broken' };

export interface TlsContext {
  /** By `namespace/name`; undefined: there is no such Secret. */
  readonly secret: (id: string) => TlsMaterial | undefined;
  /** Of GatewayConfig, for entries that name no Secret and hosts without an entry. */
  readonly defaultSecret: string | undefined;
  readonly problems: IngressProblem[];
}

/** Undefined: the Ingress wants no TLS for the host. */
export function hostTls(ingress: KubeIngress, host: string, context: TlsContext): HostTls | undefined {
  const entry = entryFor(ingress.tls, host);
  if (entry === undefined) return undefined;
  const id = entry.secret === undefined ? context.defaultSecret : `${ingress.meta.namespace}/${entry.secret}`;
  const material = id === undefined ? undefined : context.secret(id);
  if (id !== undefined && material?.kind === 'valid') {
    return { kind: 'certificate', id, certificate: material.certificate };
  }
  const message = `${host} is not served by https: ${whyNot(id, material)}`;
  context.problems.push({ ingress: ingressName(ingress), reason: 'CertificateMissing', message });
  return { kind: 'broken' };
}

/** What there is for hosts that no Ingress wants TLS for. */
export function defaultTls({ defaultSecret, secret }: TlsContext): HostTls | undefined {
  const material = defaultSecret === undefined ? undefined : secret(defaultSecret);
  if (defaultSecret === undefined || material?.kind !== 'valid') return undefined;
  return { kind: 'certificate', id: defaultSecret, certificate: material.certificate };
}

export function wantsTls(ingress: KubeIngress, host: string): boolean {
  return entryFor(ingress.tls, host) !== undefined;
}

/** The entry that names the host, else the one whose wildcard is for it, else one that is for all hosts. */
function entryFor(entries: readonly IngressTls[], host: string): IngressTls | undefined {
  return (
    entries.find(({ hosts }) => hosts.includes(host)) ??
    entries.find(({ hosts }) => hosts.some((pattern) => covers(pattern, host))) ??
    entries.find(({ hosts }) => hosts.length === 0)
  );
}

function whyNot(id: string | undefined, material: TlsMaterial | undefined): string {
  if (id === undefined) return 'its tls entry names no Secret, and the gateway has no certificate of its own';
  if (material === undefined) return `there is no Secret ${id} of type kubernetes.io/tls`;
  return material.kind === 'invalid' ? `the Secret ${id} cannot be used: ${material.problem}` : '';
}
