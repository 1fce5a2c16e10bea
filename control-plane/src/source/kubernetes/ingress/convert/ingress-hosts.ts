import { compareHosts } from '../../edge/hostnames.ts';
import type { IngressEntry } from './convert-ingresses.ts';
import { defaultTls, hostTls, wantsTls, type HostTls, type TlsContext } from './ingress-tls.ts';
import { ingressName, type Place } from './place.ts';

/** One host with all its places, the oldest first. */
export interface IngressHost {
  readonly host: string;
  readonly places: readonly Place[];
  /** Undefined: nobody wants TLS for it, or the gateway does not serve any. */
  readonly tls: HostTls | undefined;
}

/** The hosts of all places, the most specific one first. What an Ingress wants and cannot have by how the gateway listens is a problem. */
export function readHosts(
  places: readonly Place[],
  entry: IngressEntry,
  context: TlsContext,
): readonly IngressHost[] {
  const read = entry.https === undefined ? withoutTls : tlsOf;
  const hosts = [...Map.groupBy(places, ({ host }) => host)]
    .map(([host, all]): IngressHost => ({ host, places: all, tls: read(host, all, context) }))
    .toSorted((a, b) => compareHosts(a.host, b.host));
  if (entry.http === undefined && defaultTls(context) === undefined) tellUnserved(hosts, context);
  return hosts;
}

/** The first Ingress that wants TLS for a host says with which certificate. */
function tlsOf(host: string, places: readonly Place[], context: TlsContext): HostTls | undefined {
  for (const { ingress } of owners(places)) {
    const tls = hostTls(ingress, host, context);
    if (tls !== undefined) return tls;
  }
  return undefined;
}

function withoutTls(host: string, places: readonly Place[], context: TlsContext): undefined {
  for (const { ingress } of owners(places)) {
    if (!wantsTls(ingress, host)) continue;
    const message = `${host} is not served by https: the GatewayConfig has listeners, and https is not among them`;
    context.problems.push({ ingress: ingressName(ingress), reason: 'ListenerMissing', message });
  }
}

function tellUnserved(hosts: readonly IngressHost[], context: TlsContext): void {
  for (const { host, places, tls } of hosts) {
    if (tls !== undefined) continue;
    const message = `${host} is not served: the GatewayConfig has listeners, http is not among them, and there is no certificate for it`;
    for (const { ingress } of owners(places)) {
      context.problems.push({ ingress: ingressName(ingress), reason: 'ListenerMissing', message });
    }
  }
}

function owners(places: readonly Place[]): ReadonlySet<Place['owner']> {
  return new Set(places.map(({ owner }) => owner));
}
