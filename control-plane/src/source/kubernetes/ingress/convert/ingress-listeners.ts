import type { EdgeConfig, EdgeHost, EdgeListener, EdgeRule } from '@lanekeeper/protocol/edge';
import { compareHosts } from '../../edge/hostnames.ts';
import { sortRules, type RankedRule } from '../../edge/sort-rules.ts';
import type { IngressEntry } from './convert-ingresses.ts';
import { readHosts, type IngressHost } from './ingress-hosts.ts';
import { toHttps } from './ingress-rules.ts';
import type { TlsContext } from './ingress-tls.ts';
import type { Place } from './place.ts';
import { tlsPlaces, type TlsPlace } from './tls-places.ts';

/**
 * One listener in plain text for all hosts; of TLS one for each host that has a certificate, or should, and one with the gateway's own
 * certificate for those that ask for none.
 */
export function ingressListeners(
  places: readonly Place[],
  entry: IngressEntry,
  context: TlsContext,
): EdgeConfig {
  const hosts = readHosts(places, entry, context);
  const { http, https } = entry;
  const secured = https === undefined ? [] : tlsPlaces(hosts, context);
  const listeners = [
    ...(http === undefined ? [] : [plainListener(hosts, entry, http)]),
    ...(https === undefined ? [] : secured.map((place) => tlsListener(place, entry, https))),
  ];
  const certificates = secured.flatMap(({ tls }) =>
    tls.kind === 'certificate' ? [[tls.id, tls.certificate] as const] : [],
  );
  return { listeners, certificates: Object.fromEntries(certificates) };
}

type Ports = NonNullable<IngressEntry['http']>;

function plainListener(hosts: readonly IngressHost[], entry: IngressEntry, http: Ports): EdgeListener {
  const { className, policy, https } = entry;
  const served = hosts.map(({ host, places, tls }): EdgeHost => ({
    host,
    // Behind a trusted proxy that ends TLS the redirect gives way to what it leads to.
    rules: rulesOf(places, (place, rule) =>
      goesToHttps(place, tls !== undefined) ? [toHttps(rule, https?.publicPort), rule] : [rule],
    ),
  }));
  return {
    ...{ name: `IngressClass ${className}: http`, ...http, protocol: 'http', host: '*' },
    ...{ certificates: [], policy, hosts: withWww(hosts, served) },
  };
}

function tlsListener(
  { host, tls, hosts }: TlsPlace,
  { className, policy }: IngressEntry,
  https: Ports,
): EdgeListener {
  return {
    ...{ name: `IngressClass ${className}: https ${host}`, ...https, protocol: 'https', host, policy },
    certificates: tls.kind === 'certificate' ? [tls.id] : [],
    hosts: hosts.map((each) => ({ host: each.host, rules: rulesOf(each.places, (_, rule) => [rule]) })),
  };
}

function goesToHttps({ owner }: Place, wantsTls: boolean): boolean {
  const { https } = owner.settings.redirects;
  return https === 'always' || (https === 'with-tls' && wantsTls);
}

function rulesOf(
  places: readonly Place[],
  finish: (place: Place, rule: EdgeRule) => readonly EdgeRule[],
): readonly EdgeRule[] {
  const ranked = places.flatMap((place): readonly RankedRule[] => {
    const canaries = place.canaries.map(({ canary }) => canary);
    const whole = canaries.length === 0 ? place.rule.rule : { ...place.rule.rule, canaries };
    return finish(place, whole).map((rule) => ({ ...place.rule, rule }));
  });
  return sortRules(ranked);
}

/** `from-to-www-redirect`: the other name leads to the one that the Ingress has, unless somebody serves that name. */
function withWww(hosts: readonly IngressHost[], served: readonly EdgeHost[]): readonly EdgeHost[] {
  const taken = new Set(served.map(({ host }) => host));
  const others = hosts
    .filter(({ host, places }) => !host.startsWith('*') && places.some(wantsWww))
    .map(({ host }) => ({ host: host.startsWith('www.') ? host.slice(4) : `www.${host}`, to: host }))
    .filter(({ host }) => !taken.has(host));
  const redirects = others.map(({ host, to }): EdgeHost => ({
    host,
    rules: [
      {
        name: `from-to-www-redirect of ${to}`,
        match: {},
        action: { kind: 'redirect', status: 308, host: to },
      },
    ],
  }));
  return [...served, ...redirects].toSorted((a, b) => compareHosts(a.host, b.host));
}

function wantsWww({ owner }: Place): boolean {
  return owner.settings.redirects.fromToWww;
}
