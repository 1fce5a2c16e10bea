import type { KubeGateway, ObjectReference } from '../objects.ts';
import type { GatewayApiView } from './gateway-api-view.ts';
import type { IsGranted } from './reference-grants.ts';
import type { Refusal } from './refusal.ts';

/** The certificates of a listener by `namespace/name` of their Secrets, or why one of them cannot be had. */
export type Certificates = { readonly ids: readonly string[] } | { readonly refusal: Refusal };

export interface CertificateContext {
  readonly gateway: KubeGateway;
  readonly view: Pick<GatewayApiView, 'tlsMaterial'>;
  readonly isGranted: IsGranted;
}

/** One that cannot be had fails all: nobody is shown the certificate of another name. */
export function resolveCertificates(
  refs: readonly ObjectReference[],
  context: CertificateContext,
): Certificates {
  if (refs.length === 0) return { refusal: invalid('tls.certificateRefs names no Secret') };
  const refusals = refs.map((ref) => refusalOf(ref, context)).filter((refusal) => refusal !== undefined);
  const [first] = refusals;
  if (first === undefined) return { ids: refs.map((ref) => secretOf(ref, context.gateway)) };
  return { refusal: { ...first, message: refusals.map(({ message }) => message).join('; ') } };
}

/** `namespace/name` of each Secret that the Gateway may name. */
export function namedSecrets(gateway: KubeGateway, isGranted: IsGranted): readonly string[] {
  return gateway.listeners
    .flatMap(({ tls }) => tls?.certificateRefs ?? [])
    .filter((ref) => isSecret(ref) && isPermitted(ref, gateway, isGranted))
    .map((ref) => secretOf(ref, gateway));
}

function refusalOf(
  ref: ObjectReference,
  { gateway, view, isGranted }: CertificateContext,
): Refusal | undefined {
  if (!isSecret(ref))
    return invalid(
      `${ref.kind} of ${JSON.stringify(ref.group)} is nothing that holds a certificate; name a Secret`,
    );
  const secret = secretOf(ref, gateway);
  if (!isPermitted(ref, gateway, isGranted)) {
    const message = `no ReferenceGrant of its namespace lets Gateways of ${gateway.meta.namespace} use Secret ${secret}`;
    return { reason: 'RefNotPermitted', message };
  }
  const material = view.tlsMaterial(secret);
  if (material === undefined) return invalid(`there is no Secret ${secret} of type kubernetes.io/tls`);
  return material.kind === 'valid'
    ? undefined
    : invalid(`Secret ${secret} cannot be used: ${material.problem}`);
}

function isSecret({ group, kind }: ObjectReference): boolean {
  return group === '' && kind === 'Secret';
}

function isPermitted(ref: ObjectReference, { meta }: KubeGateway, isGranted: IsGranted): boolean {
  const from = { kind: 'Gateway', namespace: meta.namespace };
  return isGranted({ from, to: { ...ref, namespace: ref.namespace ?? meta.namespace } });
}

function secretOf({ namespace, name }: ObjectReference, gateway: KubeGateway): string {
  return `${namespace ?? gateway.meta.namespace}/${name}`;
}

function invalid(message: string): Refusal {
  return { reason: 'InvalidCertificateRef', message };
}
