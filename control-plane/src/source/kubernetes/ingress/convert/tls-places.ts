import { ANY_HOST, covers } from '../../edge/hostnames.ts';
import type { IngressHost } from './ingress-hosts.ts';
import { defaultTls, type HostTls, type TlsContext } from './ingress-tls.ts';

/** Server names with one certificate, and the hosts that are served there. */
export interface TlsPlace {
  readonly host: string;
  readonly tls: HostTls;
  readonly hosts: readonly IngressHost[];
}

/**
 * Each host that wants TLS has a place of its own. One that does not is served by https even so, as people know it of ingress-nginx:
 * where the most specific name stands that is for it, else with the gateway's own certificate; and nowhere where that place is broken.
 */
export function tlsPlaces(hosts: readonly IngressHost[], context: TlsContext): readonly TlsPlace[] {
  const places = hosts.flatMap((host) => (host.tls === undefined ? [] : [placeOf(host, host.tls)]));
  const own = defaultTls(context);
  const hasAny = places.some(({ host }) => host === ANY_HOST);
  if (own !== undefined && !hasAny) places.push({ host: ANY_HOST, tls: own, hosts: [] });
  // They are in the order of hosts: the first that is for a host is the most specific one; most hosts need no look at all.
  const wide = places.filter(({ host }) => host.startsWith('*'));
  const guests = Map.groupBy(
    hosts.filter(({ tls }) => tls === undefined),
    ({ host }) => wide.find((place) => covers(place.host, host)),
  );
  return places.map((place) => withGuests(place, guests.get(place) ?? []));
}

function placeOf(host: IngressHost, tls: HostTls): TlsPlace {
  return { host: host.host, tls, hosts: tls.kind === 'certificate' ? [host] : [] };
}

function withGuests(place: TlsPlace, guests: readonly IngressHost[]): TlsPlace {
  if (guests.length === 0 || place.tls.kind !== 'certificate') return place;
  return { ...place, hosts: [...guests, ...place.hosts] };
}
