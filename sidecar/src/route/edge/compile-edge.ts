import type { EdgeConfig, EdgeHost, EdgeListener } from '@lanekeeper/protocol/edge';
import type { GatewayConfig, GatewayRoute } from '@lanekeeper/protocol/model';
import { compileNetworks } from '@lanekeeper/runtime/networks';
import { compileAccess, compileRule } from './compile-rule.ts';
import type { EdgeTable, Listener, Rule } from './edge-table.ts';
import { listenerFacts } from './forwarded-headers.ts';
import { indexHosts, type HostIndex } from './host-index.ts';
import { indexRules, type RuleIndex } from './rule-index.ts';

const NO_EDGE: EdgeConfig = { listeners: [], certificates: {} };

/** Most snapshots differ in endpoints only: what is made of the same object is the same. */
const compiledPorts = new WeakMap<EdgeConfig, EdgeTable['ports']>();
/** A change of one host leaves the others as they were. */
const compiledHosts = new WeakMap<EdgeHost, RuleIndex<Rule>>();
const compiledPlain = new WeakMap<GatewayConfig, Listener>();

/** Compiles what a gateway serves. Pure; the configuration is taken to be valid (see discovery). */
export function compileEdge(edge: EdgeConfig | undefined, gateway: GatewayConfig): EdgeTable {
  return {
    ports: memoized(compiledPorts, edge ?? NO_EDGE, compilePorts),
    plain: memoized(compiledPlain, gateway, plainListener),
  };
}

function memoized<From extends object, To>(
  known: WeakMap<From, To>,
  from: From,
  make: (from: From) => To,
): To {
  const before = known.get(from);
  if (before !== undefined) return before;
  const made = make(from);
  known.set(from, made);
  return made;
}

function compilePorts({ listeners }: EdgeConfig): EdgeTable['ports'] {
  const byPort = Map.groupBy(listeners, ({ port }) => port);
  return new Map(
    [...byPort].map(([port, sharing]) => [
      port,
      indexHosts(sharing.map((listener) => [listener.host, compileListener(listener)])),
    ]),
  );
}

function compileListener({ policy, hosts, ...listener }: EdgeListener): Listener {
  const { name, port, host, publicPort, protocol } = listener;
  return {
    ...{ name, port, host, publicPort, protocol },
    isPlain: false,
    facts: listenerFacts(listener),
    trustIncomingTag: policy.trustIncomingTag,
    isTrustedProxy: compileNetworks(policy.trustedProxies),
    isAllowed: compileAccess(policy.allow, policy.deny),
    traceShare: policy.traceSampleRate === undefined ? undefined : policy.traceSampleRate / 100,
    hosts: compileHosts(hosts),
  };
}

/** Rules of a host that stands there twice are one list. */
function compileHosts(hosts: readonly EdgeHost[]): HostIndex<RuleIndex<Rule>> {
  const byName = Map.groupBy(hosts, ({ host }) => host.toLowerCase());
  return indexHosts(
    [...byName].map(([host, same]) => {
      const [only = { host, rules: [] }] = same;
      const whole = same.length === 1 ? only : { host, rules: same.flatMap(({ rules }) => rules) };
      return [host, memoized(compiledHosts, whole, compileHost)];
    }),
  );
}

function compileHost({ host, rules }: EdgeHost): RuleIndex<Rule> {
  return indexRules(rules.map((rule, order) => compileRule(rule, { host: host.toLowerCase(), order })));
}

/** `gateway.routes` of a mesh file: the longest prefix wins, of equal ones the first declared. */
function plainListener({ trustIncomingTag, routes }: GatewayConfig): Listener {
  const longestFirst = routes.toSorted((a, b) => lengthOf(b) - lengthOf(a));
  return {
    ...{
      name: 'gateway.routes',
      port: 0,
      host: '*',
      publicPort: 0,
      protocol: 'http',
      isPlain: true,
      facts: [],
    },
    trustIncomingTag,
    isTrustedProxy: () => false,
    isAllowed: undefined,
    traceShare: undefined,
    hosts: compileHosts(longestFirst.flatMap(hostsOfRoute)),
  };
}

function lengthOf({ pathPrefix }: GatewayRoute): number {
  return pathPrefix.endsWith('/') ? pathPrefix.length - 1 : pathPrefix.length;
}

function hostsOfRoute({ hosts, pathPrefix, service, port }: GatewayRoute): readonly EdgeHost[] {
  return hosts.map((host) => ({
    host,
    rules: [
      {
        name: `gateway.routes: ${host}${pathPrefix}`,
        match: { path: { prefix: pathPrefix } },
        action: { kind: 'forward', backends: [{ service, port, weight: 1 }] },
      },
    ],
  }));
}
