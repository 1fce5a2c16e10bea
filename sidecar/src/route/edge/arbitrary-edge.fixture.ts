import fc from 'fast-check';
import type { EdgeBackend, EdgeConfig, EdgeHost, EdgeListener, EdgeRule } from '@lanekeeper/protocol/edge';
import { LANES, SERVICES } from '../arbitrary-mesh.fixture.ts';
import { endpoint, mesh, service } from '../mesh.fixture.ts';
import { OPEN } from './edge.fixture.ts';

/** Generated edges for properties: listeners that share ports, hosts that overlap, rules of every kind, with names of their own. */

/** Each service with an endpoint of the baseline and of every lane: whatever is chosen, there is somewhere to go. */
export const EDGE_MESH = mesh({
  services: SERVICES.map((name, at) =>
    service(name, {
      endpoints: [undefined, ...LANES].map((lane, place) =>
        endpoint(`10.0.${at}.${place}`, lane === undefined ? {} : { lane }),
      ),
    }),
  ),
});

export const EDGE_PORTS = [8080, 8443] as const;
const NAMES = ['a.example.com', 'b.example.com', 'x.a.example.com', 'a.example.net', 'example.com'] as const;
const PIECES = ['a', 'b', 'admin', '%61', '%2F', '', 'a%20b', ';v=1'] as const;

export const hostNames = fc.constantFrom<string>(...NAMES, 'nobody.example.org');
const listenerHosts = fc.constantFrom('*', '*.example.com', '*.a.example.com', ...NAMES);
export const requestPaths = fc
  .array(fc.constantFrom(...PIECES, '..', '.', '\\', '..;'), { maxLength: 4 })
  .map((pieces) => `/${pieces.join('/')}`);
const rulePaths = fc
  .array(fc.constantFrom('a', 'b', 'admin', 'a%20b', ''), { maxLength: 3 })
  .map((pieces) => `/${pieces.join('/')}`);

const matches: fc.Arbitrary<EdgeRule['match']> = fc.record(
  {
    path: fc.oneof(
      rulePaths.map((exact) => ({ exact })),
      rulePaths.map((prefix) => ({ prefix })),
      fc.constantFrom('/a.*', '/[ab]/?', '(').map((regex) => ({ regex })),
    ),
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.constantFrom({ 'x-v': { exact: '1' } }, { 'x-v': { present: false } }),
    query: fc.constant({ q: { exact: '1' } }),
  },
  { requiredKeys: [] },
);

const backends: fc.Arbitrary<EdgeBackend> = fc
  .record({
    name: fc.constantFrom(...SERVICES, 'gone', undefined),
    weight: fc.constantFrom(0, 1, 3),
    lane: fc.constantFrom(undefined, ...LANES),
    subset: fc.constantFrom(undefined, undefined, 'base', ...LANES),
  })
  .map(({ name, weight, lane, subset }) => ({
    service: name === undefined ? undefined : { name, namespace: 'default' },
    ...{ port: 80, weight },
    ...(lane === undefined ? {} : { lane }),
    ...(subset === undefined ? {} : { subset }),
  }));

const actions: fc.Arbitrary<EdgeRule['action']> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(backends, { maxLength: 3 })
      .map((some) => ({ kind: 'forward' as const, backends: some })),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ kind: 'redirect' as const, status: 302 as const, scheme: 'https' as const }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reply' as const, status: 404, reason: 'not here' }) },
);

const networks = fc.constantFrom<readonly string[]>([], ['203.0.113.0/24'], ['10.0.0.0/8']);

const rules: fc.Arbitrary<Omit<EdgeRule, 'name'>> = fc.record(
  {
    match: matches,
    action: actions,
    allow: networks,
    deny: networks,
    canaries: fc.array(
      fc.record({
        name: fc.constant('canary'),
        backend: backends,
        header: fc.constant({ name: 'x-canary' }),
      }),
      { maxLength: 2 },
    ),
    rewrite: fc.constantFrom({ path: { prefix: '/new' } }, { path: { full: '/one' }, host: 'inner' }),
    affinity: fc.constantFrom(
      { cookie: 'route', mode: 'balanced' as const, canary: 'sticky' as const },
      { cookie: 'route', mode: 'persistent' as const, canary: 'legacy' as const },
    ),
    requestHeaders: fc.constant({
      set: { baggage: 'lane=gray', 'x-set': '1' },
      add: {},
      remove: ['x-remove'],
    }),
  },
  { requiredKeys: ['match', 'action'] },
);

const hosts: fc.Arbitrary<EdgeHost> = fc.record({
  host: listenerHosts,
  rules: fc.array(rules, { maxLength: 5 }).map((some) => some.map((rule) => ({ ...rule, name: '' }))),
});

const listeners: fc.Arbitrary<EdgeListener> = fc.record({
  name: fc.constant(''),
  port: fc.constantFrom(...EDGE_PORTS),
  publicPort: fc.constant(80),
  protocol: fc.constantFrom('http' as const, 'https' as const),
  host: listenerHosts,
  certificates: fc.constant([]),
  policy: fc.record({ allow: networks, deny: networks }).map((lists) => ({ ...OPEN, ...lists })),
  hosts: fc.array(hosts, { maxLength: 4 }),
});

/** Listeners are unique by port and host, as sources see to; every rule has a name of its own. */
export const edges: fc.Arbitrary<EdgeConfig> = fc
  .uniqueArray(listeners, { maxLength: 6, selector: ({ port, host }) => `${port} ${host}` })
  .map((some) => ({ certificates: {}, listeners: some.map(named) }));

function named(listener: EdgeListener, at: number): EdgeListener {
  return {
    ...listener,
    name: `listener ${at}`,
    hosts: listener.hosts.map((host, under) => ({
      ...host,
      rules: host.rules.map((rule, place) => ({ ...rule, name: `rule ${at}.${under}.${place}` })),
    })),
  };
}
