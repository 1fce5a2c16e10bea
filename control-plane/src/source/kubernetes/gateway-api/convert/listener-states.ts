import { ANY_HOST, covers, type HostPattern } from '../../edge/hostnames.ts';
import type { GroupKind, KubeListener, RouteKind } from '../objects.ts';
import { GATEWAY_API_GROUP } from '../resources.ts';
import { resolveCertificates, type CertificateContext } from './certificate-refs.ts';
import type { Refusal } from './refusal.ts';

/** What is to be said of a listener, before anything is attached to it. */
export interface ListenerState {
  readonly listener: KubeListener;
  readonly host: HostPattern;
  /** What may attach to it. */
  readonly kinds: readonly RouteKind[];
  /** Why it is not served at all; undefined: it is accepted. */
  readonly refusal: Refusal | undefined;
  readonly isConflicted: boolean;
  /** What it names and cannot be had. */
  readonly unresolved: Refusal | undefined;
  /** Ids; empty while one of them cannot be had, so that its names are shown none. */
  readonly certificates: readonly string[];
  /** Names of other listeners whose hosts are also this one's, on the same port with TLS. */
  readonly overlaps: readonly string[];
}

const KINDS: readonly RouteKind[] = ['HTTPRoute', 'GRPCRoute'];
const PROTOCOLS = new Set(['HTTP', 'HTTPS']);

export function listenerStates(context: CertificateContext): readonly ListenerState[] {
  const { listeners } = context.gateway;
  return listeners.map((listener) => stateOf(listener, listeners, context));
}

function stateOf(
  listener: KubeListener,
  all: readonly KubeListener[],
  context: CertificateContext,
): ListenerState {
  const conflict = conflictOf(listener, all);
  const certificates = listener.protocol === 'HTTPS' ? certificatesOf(listener, context) : { ids: [] };
  const { kinds, unknown } = kindsOf(listener);
  return {
    listener,
    host: hostOf(listener),
    kinds,
    refusal: unsupported(listener, context) ?? conflict,
    isConflicted: conflict !== undefined,
    unresolved: unknown ?? ('refusal' in certificates ? certificates.refusal : undefined),
    certificates: 'ids' in certificates ? certificates.ids : [],
    overlaps: listener.protocol === 'HTTPS' ? overlapsOf(listener, all) : [],
  };
}

export function hostOf({ hostname }: KubeListener): HostPattern {
  return hostname === '' ? ANY_HOST : hostname;
}

function unsupported({ protocol, tls }: KubeListener, { gateway }: CertificateContext): Refusal | undefined {
  if (!PROTOCOLS.has(protocol)) {
    const message = `protocol ${protocol} is not served; HTTP and HTTPS are`;
    return { reason: 'UnsupportedProtocol', message };
  }
  if (protocol !== 'HTTPS') return undefined;
  if (tls !== undefined && tls.mode !== 'Terminate')
    return { reason: 'UnsupportedValue', message: `tls.mode ${tls.mode} is not served; Terminate is` };
  // To let in clients that should have been asked for a certificate would be worse than to let in nobody.
  if (gateway.tls.frontend)
    return {
      reason: 'UnsupportedValue',
      message: 'spec.tls.frontend is there, and certificates of clients are not checked',
    };
  return undefined;
}

/** All that conflict are refused: there is no winner. */
function conflictOf(listener: KubeListener, all: readonly KubeListener[]): Refusal | undefined {
  if (!PROTOCOLS.has(listener.protocol)) return undefined;
  const others = all.filter(
    (other) => other !== listener && other.port === listener.port && PROTOCOLS.has(other.protocol),
  );
  const names = (some: readonly KubeListener[]): string => some.map(({ name }) => name).join(', ');
  const ofProtocol = others.filter(({ protocol }) => protocol !== listener.protocol);
  if (ofProtocol.length > 0) {
    const message = `port ${listener.port} has another protocol in ${names(ofProtocol)}`;
    return { reason: 'ProtocolConflict', message };
  }
  const ofHost = others.filter((other) => hostOf(other) === hostOf(listener));
  if (ofHost.length === 0) return undefined;
  return {
    reason: 'HostnameConflict',
    message: `port ${listener.port} has the same hostname in ${names(ofHost)}`,
  };
}

function certificatesOf({ tls }: KubeListener, context: CertificateContext) {
  return resolveCertificates(tls?.certificateRefs ?? [], context);
}

function kindsOf({ protocol, allowedRoutes: { kinds: stated } }: KubeListener): {
  readonly kinds: readonly RouteKind[];
  readonly unknown: Refusal | undefined;
} {
  const served = PROTOCOLS.has(protocol) ? KINDS : [];
  if (stated === undefined) return { kinds: served, unknown: undefined };
  const unknown = stated.filter((one) => !served.some((kind) => isKind(one, kind)));
  return {
    kinds: served.filter((kind) => stated.some((one) => isKind(one, kind))),
    unknown: unknown.length === 0 ? undefined : invalidKinds(unknown),
  };
}

function isKind({ group, kind }: GroupKind, wanted: RouteKind): boolean {
  return group === GATEWAY_API_GROUP && kind === wanted;
}

function invalidKinds(kinds: readonly GroupKind[]): Refusal {
  const names = kinds.map(({ group, kind }) => `${kind} of ${JSON.stringify(group)}`).join(', ');
  return {
    reason: 'InvalidRouteKinds',
    message: `allowedRoutes.kinds: ${names} cannot attach; HTTPRoute and GRPCRoute can, to HTTP and HTTPS`,
  };
}

function overlapsOf(listener: KubeListener, all: readonly KubeListener[]): readonly string[] {
  const host = hostOf(listener);
  return all
    .filter((other) => other !== listener && other.port === listener.port && other.protocol === 'HTTPS')
    .filter((other) => covers(host, hostOf(other)) || covers(hostOf(other), host))
    .map(({ name }) => name);
}
