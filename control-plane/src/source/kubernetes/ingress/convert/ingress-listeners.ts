import type {
  EdgeCertificate,
  EdgeConfig,
  EdgeHost,
  EdgeListener,
  EdgeRule,
} from '@lanekeeper/protocol/edge';
import { compareHosts } from '../../edge/hostnames.ts';
import { sortRules, type RankedRule } from '../../edge/sort-rules.ts';
import type { IngressEntry } from './convert-ingresses.ts';
import { toHttps } from './ingress-rules.ts';
import { hostTls, type HostTls, type TlsContext } from './ingress-tls.ts';
import type { Place } from './place.ts';

/** One host with all its places, the oldest first. */
interface Host {
  readonly host: string;
  readonly places: readonly Place[];
  /** Undefined: nobody wants TLS for it. */
  readonly tls: HostTls | undefined;
}

/** One listener in plain text for all hosts, one of TLS for each host that has a certificate, or should. */
export function ingressListeners(
  places: readonly Place[],
  entry: IngressEntry,
  context: TlsContext,
): EdgeConfig {
  const hosts = [...Map.groupBy(places, ({ host }) => host)]
    .map(([host, all]): Host => ({ host, places: all, tls: tlsOf(host, all, context) }))
    .toSorted((a, b) => compareHosts(a.host, b.host));
  const listeners = [plainListener(hosts, entry), ...hosts.flatMap((host) => tlsListener(host, entry))];
  const certificates = hosts.flatMap(({ tls }): readonly [string, EdgeCertificate][] =>
    tls?.kind === 'certificate' ? [[tls.id, tls.certificate]] : [],
  );
  return { listeners, certificates: Object.fromEntries(certificates) };
}

/** The first Ingress that wants TLS for a host says with which certificate. */
function tlsOf(host: string, places: readonly Place[], context: TlsContext): HostTls | undefined {
  for (const { ingress } of new Set(places.map(({ owner }) => owner))) {
    const tls = hostTls(ingress, host, context);
    if (tls !== undefined) return tls;
  }
  return undefined;
}

function plainListener(hosts: readonly Host[], { className, policy, http }: IngressEntry): EdgeListener {
  const served = hosts.map(({ host, places, tls }): EdgeHost => ({
    host,
    // Behind a trusted proxy that ends TLS the redirect gives way to what it leads to.
    rules: rulesOf(places, (place, rule) => (goesToHttps(place, tls) ? [toHttps(rule), rule] : [rule])),
  }));
  return {
    ...{ name: `IngressClass ${className}: http`, ...http, protocol: 'http', host: '*' },
    ...{ certificates: [], policy, hosts: withWww(hosts, served) },
  };
}

function tlsListener(
  { host, places, tls }: Host,
  { className, policy, https }: IngressEntry,
): readonly EdgeListener[] {
  if (tls === undefined) return [];
  const name = `IngressClass ${className}: https ${host}`;
  const isWhole = tls.kind === 'certificate';
  return [
    {
      ...{ name, ...https, protocol: 'https', host, policy },
      certificates: isWhole ? [tls.id] : [],
      hosts: isWhole ? [{ host, rules: rulesOf(places, (_, rule) => [rule]) }] : [],
    },
  ];
}

function goesToHttps({ owner }: Place, tls: HostTls | undefined): boolean {
  const { https } = owner.settings.redirects;
  return https === 'always' || (https === 'with-tls' && tls !== undefined);
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
function withWww(hosts: readonly Host[], served: readonly EdgeHost[]): readonly EdgeHost[] {
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
