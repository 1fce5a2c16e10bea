import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { isEmptyDelta, translate, type NodeDelta } from '../translate/translate.ts';
import type { CanonicalKey } from './catalog.ts';
import { endpoint, service } from './catalog.fixture.ts';
import { createCatalog, type CatalogWriter } from './create-catalog.ts';
import type { PodFacts, SourceChange } from './source-service.ts';

const RUNS = { numRuns: 500 };
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const HOSTS = ['x.example.com', 'legacy', 'a.shop'];
const IDS = ['shop/a', 'shop/b', 'other/a'];
const KEYS: readonly CanonicalKey[] = [
  ...ADDRESSES.map((address): CanonicalKey => `ip:${address}`),
  ...(['ip:10.96.0.1', 'host:x.example.com', 'host:legacy'] as const),
  ...(['host:a.shop', 'host:b.shop', 'host:a.other', 'host:nobody.shop'] as const),
];

interface Step extends SourceChange {
  /** What the cluster knows of pods from now on. */
  readonly pods: ReadonlyMap<string, PodFacts>;
}

const source = fc.constantFrom('file', 'kubernetes', 'nacos');

const someEndpoint: fc.Arbitrary<EndpointConfig> = fc
  .record({
    address: fc.constantFrom(...ADDRESSES),
    lane: fc.constantFrom(undefined, 'gray', 'blue'),
    healthy: fc.boolean(),
    port: fc.constantFrom(8080, 8081),
  })
  .map(({ address, lane, healthy, port }) =>
    endpoint(address, { healthy, ports: { 80: port }, ...(lane === undefined ? {} : { lane }) }),
  );

const someService = fc
  .record({
    id: fc.constantFrom(...IDS),
    hosts: fc.subarray(HOSTS),
    addresses: fc.subarray(['10.96.0.1']),
    endpoints: fc.array(someEndpoint, { maxLength: 3 }),
    exportTo: fc.constantFrom('*' as const, new Set(['shop']), new Set(['shop', 'web'])),
  })
  .map(({ id, ...given }) => ({ id, given }));

const somePods = fc.dictionary(
  fc.constantFrom(...ADDRESSES),
  fc.record({
    pod: fc.constantFrom('p1', 'p2'),
    namespace: fc.constant('shop'),
    lane: fc.constantFrom('gray', 'green'),
    healthy: fc.boolean(),
    isMisnamed: fc.boolean(),
  }),
);

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc
    .record({
      source,
      services: fc.array(someService, { maxLength: 2 }),
      removed: fc.subarray(IDS, { maxLength: 1 }),
      pods: somePods,
    })
    .map(({ source: from, services, removed, pods }) => ({
      source: from,
      put: services.map(({ id, given }) =>
        service(id, { ...given, endpoints: given.endpoints.map((one) => ({ ...one, source: from })) }),
      ),
      removed,
      addresses: ADDRESSES,
      pods: new Map(Object.entries(pods)),
    })),
  { minLength: 1, maxLength: 10 },
);

function start() {
  let pods: ReadonlyMap<string, PodFacts> = new Map();
  const catalog = createCatalog({ clusterDomain: 'cluster.local', podAt: (address) => pods.get(address) });
  return {
    catalog,
    apply(step: Step) {
      pods = step.pods;
      return catalog.apply(step);
    },
  };
}

/** All that a reader can see by one key. */
function seen(catalog: CatalogWriter, key: CanonicalKey): unknown {
  return catalog.resolve(key).map((id) => {
    const found = catalog.service(id);
    return { id, version: found?.version, value: found?.value, exportTo: found?.exportTo };
  });
}

/** … by an address that has left its service, too. */
function seenFormerly(catalog: CatalogWriter, key: CanonicalKey): unknown {
  const id = catalog.formerly(key);
  const found = id === undefined ? undefined : catalog.service(id);
  expect(id === undefined).toBe(found === undefined);
  if (id !== undefined) expect(catalog.resolve(key)).toEqual([]);
  return { id, version: found?.version };
}

describe('after any changes of any sources', () => {
  it('who reads again only what was announced sees what is there', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { catalog, apply } = start();
        const view = (key: CanonicalKey): unknown => [seen(catalog, key), seenFormerly(catalog, key)];
        const known = new Map(KEYS.map((key) => [key, view(key)]));
        let mesh = catalog.mesh().version;
        catalog.subscribe((change) => {
          for (const key of change.keys) known.set(key, view(key));
          if (change.mesh) mesh = catalog.mesh().version;
        });
        for (const step of all) {
          apply(step);
          for (const key of KEYS) expect(known.get(key)).toEqual(view(key));
          expect(mesh).toBe(catalog.mesh().version);
        }
      }),
      RUNS,
    );
  });

  it('nobody is told when nothing is different', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { catalog, apply } = start();
        let told = 0;
        catalog.subscribe(() => void (told += 1));
        for (const step of all) {
          const changed = apply(step);
          const before = told;
          expect(apply(step)).toBe(false);
          expect(told).toBe(before);
          expect(typeof changed).toBe('boolean');
        }
      }),
      RUNS,
    );
  });

  it('no lane that an endpoint carries is unknown to the sidecars', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { catalog, apply } = start();
        for (const step of all) apply(step);
        const endpoints = IDS.flatMap((id) => catalog.service(id)?.value.endpoints ?? []);
        const carried = new Set(endpoints.flatMap(({ lane }) => lane ?? []));
        expect(new Set(catalog.mesh().value.lanes.map(({ name }) => name))).toEqual(carried);
      }),
      RUNS,
    );
  });

  it('a sidecar that applies its deltas holds exactly what its interests mean and its namespace may see', () => {
    const interests = fc.subarray([...KEYS]);
    const namespace = fc.constantFrom('shop', 'web', 'other');
    fc.assert(
      fc.property(steps, interests, namespace, (all, wanted, from) => {
        const { catalog, apply } = start();
        const services = new Map<string, string>();
        let mesh: string | undefined;
        const view = () => ({ namespace: from, interests: wanted, holds: { mesh, services } });
        const take = (delta: NodeDelta) => {
          mesh = delta.mesh?.version ?? mesh;
          for (const id of delta.removed) expect(services.delete(id)).toBe(true);
          for (const { id, version } of delta.services) services.set(id, version);
        };
        take(translate(catalog, view()));
        catalog.subscribe(({ keys, mesh: isMesh }) => {
          if (isMesh || wanted.some((key) => keys.has(key))) take(translate(catalog, view()));
        });
        for (const step of all) apply(step);
        const meaning = (key: CanonicalKey) => {
          const ids = catalog.resolve(key);
          return ids.length > 0 ? ids : (catalog.formerly(key) ?? []);
        };
        const ids = new Set(wanted.flatMap(meaning));
        const visible = [...ids].filter((id) => {
          const to = catalog.service(id)?.exportTo ?? '*';
          return to === '*' || to.has(from);
        });
        expect([...services.keys()].sort()).toEqual(visible.sort());
        for (const [id, version] of services) expect(version).toBe(catalog.service(id)?.version);
        expect(isEmptyDelta(translate(catalog, view()))).toBe(true);
      }),
      RUNS,
    );
  });
});
