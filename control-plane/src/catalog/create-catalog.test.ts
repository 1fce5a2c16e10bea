import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { describe, expect, it } from 'vitest';
import type { CatalogChange } from './catalog.ts';
import { endpoint, put, service } from './catalog.fixture.ts';
import { createCatalog } from './create-catalog.ts';
import { FormerKeys } from './former-keys.ts';
import { DEFAULT_MESH_PART } from './mesh-part.ts';
import type { PodFacts } from './source-service.ts';

function start(pods: ReadonlyMap<string, PodFacts> = new Map()) {
  const catalog = createCatalog({ clusterDomain: 'cluster.local', podAt: (address) => pods.get(address) });
  const changes: CatalogChange[] = [];
  catalog.subscribe((change) => void changes.push(change));
  return { catalog, changes };
}

describe('the catalog', () => {
  it('finds a service by its name, its hosts, its addresses and those of its endpoints', () => {
    const { catalog } = start();
    const hosts = ['B.example.com', 'legacy'];
    const endpoints = [endpoint('10.0.0.1', { aliases: ['fd00::1'] })];
    catalog.apply(put('kubernetes', service('b', { hosts, addresses: ['10.96.0.1'], endpoints })));
    const keys = [
      ...['host:b.shop', 'host:b.example.com', 'host:legacy'],
      ...['ip:10.96.0.1', 'ip:10.0.0.1', 'ip:fd00::1'],
    ] as const;
    for (const key of keys) expect(catalog.resolve(key)).toEqual(['shop/b']);
    expect(catalog.resolve('host:b.other')).toEqual([]);
  });

  it('names all services that share an address, in order, and forgets those that go', () => {
    const { catalog } = start();
    const endpoints = [endpoint('10.0.0.1')];
    catalog.apply(put('kubernetes', service('z', { endpoints }), service('a', { endpoints })));
    expect(catalog.resolve('ip:10.0.0.1')).toEqual(['shop/a', 'shop/z']);
    catalog.apply({ source: 'kubernetes', put: [], removed: ['shop/a'] });
    expect(catalog.resolve('ip:10.0.0.1')).toEqual(['shop/z']);
    expect(catalog.service('shop/a')).toBeUndefined();
  });

  it('announces exactly the keys of what is different, as it was and as it is', () => {
    const { catalog, changes } = start();
    catalog.apply(put('kubernetes', service('a'), service('b', { endpoints: [endpoint('10.0.0.1')] })));
    catalog.apply(put('kubernetes', service('a'), service('b', { endpoints: [endpoint('10.0.0.2')] })));
    expect([...(changes[1]?.keys ?? [])].sort()).toEqual(['host:b.shop', 'ip:10.0.0.1', 'ip:10.0.0.2']);
    expect(changes[1]?.mesh).toBe(false);
  });

  it('says nothing of what is as before, however it is written', () => {
    const { catalog, changes } = start();
    const endpoints = [endpoint('10.0.0.1'), endpoint('10.0.0.2', { lane: 'gray' })];
    catalog.apply(put('kubernetes', service('b', { endpoints })));
    expect(catalog.apply(put('kubernetes', service('b', { endpoints: endpoints.toReversed() })))).toBe(false);
    expect(catalog.apply({ source: 'kubernetes', put: [], removed: ['shop/unknown'] })).toBe(false);
    expect(changes).toHaveLength(1);
  });

  it('announces a service that others may see now, though its content and version are the same', () => {
    const { catalog, changes } = start();
    catalog.apply(put('kubernetes', service('b')));
    const { version } = catalog.service('shop/b') ?? {};
    catalog.apply(put('kubernetes', service('b', { exportTo: new Set(['shop']) })));
    expect(catalog.service('shop/b')).toMatchObject({ version, exportTo: new Set(['shop']) });
    expect([...(changes[1]?.keys ?? [])]).toEqual(['host:b.shop']);
  });

  it('has the same version for the same content, and its JSON', () => {
    const [one, two] = [start().catalog, start().catalog];
    const config = { endpoints: [endpoint('10.0.0.1'), endpoint('10.0.0.2')] };
    one.apply(put('kubernetes', service('b', config)));
    two.apply(put('kubernetes', service('b', { endpoints: config.endpoints.toReversed() })));
    expect(one.service('shop/b')?.version).toBe(two.service('shop/b')?.version);
    expect(JSON.parse(one.service('shop/b')?.json ?? '')).toEqual(one.service('shop/b')?.value);
  });

  it('tells every sidecar of every lane that some endpoint carries, and of no other', () => {
    const { catalog, changes } = start();
    const lanes = () =>
      catalog.mesh().value.lanes.map(({ name, group, fallback }) => [name, group, fallback]);
    const gray = [endpoint('10.0.0.1', { lane: 'gray' })];
    catalog.apply(put('kubernetes', service('a', { endpoints: gray }), service('b', { endpoints: gray })));
    expect(lanes()).toEqual([['gray', '', ['base']]]);
    expect(changes[0]?.mesh).toBe(true);
    catalog.apply({ source: 'kubernetes', put: [], removed: ['shop/a'] });
    expect(changes[1]?.mesh).toBe(false);
    catalog.apply({ source: 'kubernetes', put: [], removed: ['shop/b'] });
    expect(lanes()).toEqual([]);
    expect(changes[2]?.mesh).toBe(true);
  });

  it('leaves a declared lane as it is declared', () => {
    const { catalog } = start();
    const gray = {
      ...{ name: 'gray', group: 'demo', fallback: [], serviceFallback: {} },
      ...{ match: [], entries: [], priority: 7 },
    };
    catalog.apply({ ...put('file'), mesh: { ...DEFAULT_MESH_PART, lanes: [gray] } });
    catalog.apply(put('kubernetes', service('b', { endpoints: [endpoint('10.0.0.1', { lane: 'gray' })] })));
    expect(catalog.mesh().value.lanes).toEqual([gray]);
  });

  it('stops telling who has ended the subscription', () => {
    const { catalog } = start();
    let told = 0;
    const end = catalog.subscribe(() => void (told += 1));
    catalog.apply(put('kubernetes', service('a')));
    end();
    catalog.apply(put('kubernetes', service('b')));
    expect(told).toBe(1);
  });
});

describe('what several sources know', () => {
  const endpointsOf = ({ catalog }: ReturnType<typeof start>, id = 'shop/b') =>
    catalog.service(id)?.value.endpoints ?? [];

  it('is one service by id and one endpoint by address and port, in whichever order they tell', () => {
    const here = service('b', {
      addresses: ['10.96.0.1'],
      endpoints: [endpoint('10.0.0.1', { pod: 'b-1' })],
    });
    const there = service('b', {
      hosts: ['b.example.com'],
      endpoints: [endpoint('10.0.0.1', { source: 'nacos', weight: 5 }), endpoint('10.0.0.9')],
    });
    const [one, two] = [start(), start()];
    one.catalog.apply(put('kubernetes', here));
    one.catalog.apply(put('nacos', there));
    two.catalog.apply(put('nacos', there));
    two.catalog.apply(put('kubernetes', here));
    expect(one.catalog.service('shop/b')?.value).toEqual(two.catalog.service('shop/b')?.value);
    expect(endpointsOf(one)).toMatchObject([
      { address: '10.0.0.1', pod: 'b-1', weight: 100, source: 'kubernetes' },
      { address: '10.0.0.9' },
    ]);
    expect(one.catalog.service('shop/b')?.value).toMatchObject({
      hosts: ['b.example.com'],
      addresses: ['10.96.0.1'],
    });
  });

  it('is what the others say again when one of them lets go', () => {
    const { catalog } = start();
    catalog.apply(put('kubernetes', service('b', { endpoints: [endpoint('10.0.0.1')] })));
    const { version } = catalog.service('shop/b') ?? {};
    catalog.apply(put('file', service('b', { endpoints: [endpoint('10.0.0.2', { source: 'file' })] })));
    expect(endpointsOf({ catalog, changes: [] })).toHaveLength(2);
    catalog.apply({ source: 'file', put: [], removed: ['shop/b'] });
    expect(catalog.service('shop/b')?.version).toBe(version);
  });

  it('keeps a lane that any of them knows, and a failure that any of them sees', () => {
    const world = start();
    world.catalog.apply(put('file', service('b', { endpoints: [endpoint('10.0.0.1', { source: 'file' })] })));
    const gray = endpoint('10.0.0.1', { lane: 'gray', healthy: false, dropReason: 'terminating' });
    world.catalog.apply(put('kubernetes', service('b', { endpoints: [gray] })));
    expect(endpointsOf(world)).toMatchObject([
      { source: 'file', lane: 'gray', healthy: false, dropReason: 'terminating' },
    ]);
  });

  it('keeps endpoints apart that share an address on different ports', () => {
    const world = start();
    world.catalog.apply(put('file', service('b', { endpoints: [endpoint('10.0.0.1', { source: 'file' })] })));
    world.catalog.apply(
      put('kubernetes', service('b', { endpoints: [endpoint('10.0.0.1', { ports: { 80: 9090 } })] })),
    );
    expect(endpointsOf(world)).toHaveLength(2);
  });

  it('is seen by those only to whom all of them show it', () => {
    const { catalog } = start();
    catalog.apply(put('file', service('b')));
    catalog.apply(put('kubernetes', service('b', { exportTo: new Set(['shop', 'web']) })));
    catalog.apply(put('nacos', service('b', { exportTo: new Set(['shop', 'admin']) })));
    expect(catalog.service('shop/b')?.exportTo).toEqual(new Set(['shop']));
  });
});

describe('an endpoint that is known by address only', () => {
  const facts: PodFacts = { pod: 'b-1', namespace: 'shop', healthy: true, isMisnamed: false };
  const nacos = service('nacos/b', { endpoints: [endpoint('10.0.0.1', { source: 'nacos' })] });

  function world(given: Partial<PodFacts>) {
    const pods = new Map([['10.0.0.1', { ...facts, ...given }]]);
    const { catalog, changes } = start(pods);
    catalog.apply(put('nacos', nacos));
    return { catalog, changes, pods, endpoints: () => catalog.service('nacos/b')?.value.endpoints };
  }

  it('gets its lane, zone and readiness from the pod there', () => {
    const { endpoints, catalog } = world({ lane: 'gray', zone: 'z1', healthy: false });
    expect(endpoints()).toMatchObject([
      { source: 'nacos', lane: 'gray', zone: 'z1', pod: 'b-1', healthy: false },
    ]);
    expect(catalog.mesh().value.lanes.map(({ name }) => name)).toEqual(['gray']);
    expect(catalog.zoneOf('10.0.0.1')).toBe('z1');
  });

  it('is left out where the pod’s lane is no lane name', () => {
    expect(world({ isMisnamed: true }).endpoints()).toEqual([]);
  });

  it('follows the pod', () => {
    const { catalog, changes, pods, endpoints } = world({});
    pods.set('10.0.0.1', { ...facts, lane: 'blue' });
    catalog.apply({ ...put('kubernetes'), addresses: ['10.0.0.1'] });
    expect(endpoints()).toMatchObject([{ lane: 'blue' }]);
    expect(changes.at(-1)?.keys).toContain('host:b.nacos');
    pods.delete('10.0.0.1');
    catalog.apply({ ...put('kubernetes'), addresses: ['10.0.0.1', '10.0.0.2'] });
    expect(endpoints()?.[0]?.lane).toBeUndefined();
  });
});

describe('endpoints of workloads that are about to go', () => {
  it('are no candidates, whoever knows them, until they serve again; nobody else is told', () => {
    const { catalog, changes } = start();
    const endpoints = [endpoint('10.0.0.1', { aliases: ['fd00::1'], lane: 'gray' }), endpoint('10.0.0.2')];
    catalog.apply(put('kubernetes', service('b', { endpoints })));
    catalog.apply(put('nacos', service('c', { endpoints: [endpoint('10.0.0.1')] })));
    catalog.apply(put('nacos', service('d', { endpoints: [endpoint('10.0.0.3')] })));
    const states = (id: string) =>
      catalog.service(id)?.value.endpoints.map(({ healthy, dropReason }) => dropReason ?? healthy);
    const { length } = changes;
    catalog.drain(new Set(['fd00::1', '10.0.0.1']));
    expect(states('shop/b')).toEqual(['draining', true]);
    expect(states('shop/c')).toEqual(['draining']);
    expect([...(changes[length]?.keys ?? [])]).not.toContain('host:d.shop');
    expect(changes).toHaveLength(length + 1);
    catalog.drain(new Set(['10.0.0.3']));
    expect([...(states('shop/b') ?? []), ...(states('shop/c') ?? [])]).toEqual([true, true, true]);
    expect(states('shop/d')).toEqual(['draining']);
    expect(catalog.mesh().value.lanes.map(({ name }) => name)).toEqual(['gray']);
  });

  it('are so also where their source tells of them later, and say why their source has taken them out', () => {
    const { catalog } = start();
    catalog.drain(new Set(['10.0.0.1', '10.0.0.2']));
    const gone = endpoint('10.0.0.2', { healthy: false, dropReason: 'terminating' });
    catalog.apply(put('kubernetes', service('b', { endpoints: [endpoint('10.0.0.1'), gone] })));
    expect(catalog.service('shop/b')?.value.endpoints).toMatchObject([
      { dropReason: 'draining' },
      { dropReason: 'terminating' },
    ]);
  });
});

describe('what sources say of the mesh beside its services', () => {
  const group = (name: string, ...services: readonly string[]): MeshPart => ({
    ...DEFAULT_MESH_PART,
    groups: [
      {
        name,
        services: services.map((service) => ({ name: service, namespace: 'shop' })),
        mode: 'permissive',
        evidence: DEFAULT_MESH_PART.settings.evidence,
      },
    ],
  });
  const said = [
    { ...put('file'), mesh: group('demo', 'b') },
    { ...put('nacos'), document: 'lanekeeper-demo.yaml', mesh: group('demo', 'b', 'c') },
    { ...put('nacos'), document: 'lanekeeper-more.yaml', mesh: group('more', 'd') },
  ];

  it('comes together in every order, and with the same version', () => {
    const versions = [said, said.toReversed()].map((changes) => {
      const { catalog } = start();
      for (const change of changes) catalog.apply(change);
      expect(catalog.mesh().value.groups.map(({ name }) => name)).toEqual(['demo', 'more']);
      return catalog.mesh().version;
    });
    expect(new Set(versions).size).toBe(1);
  });

  it('is told where it changes, goes with its document, and leaves what others say', () => {
    const { catalog, changes } = start();
    for (const change of said) catalog.apply(change);
    expect(changes.map(({ mesh }) => mesh)).toEqual([true, true]);
    catalog.apply({ ...put('file'), mesh: DEFAULT_MESH_PART });
    expect(catalog.mesh().value.groups[0]?.services).toHaveLength(2);
    catalog.apply({ ...put('nacos'), document: 'lanekeeper-demo.yaml', mesh: DEFAULT_MESH_PART });
    expect(catalog.mesh().value.groups.map(({ name }) => name)).toEqual(['more']);
  });

  it('is a finding where two contradict each other, and where no source knows a service of it', () => {
    const { catalog } = start();
    catalog.apply(put('kubernetes', service('b')));
    for (const change of said) catalog.apply(change);
    expect(catalog.findings()).toEqual([
      'group demo: what nacos (lanekeeper-demo.yaml) says does not count, file declares it',
      'group more: no source knows the service shop/d',
    ]);
    catalog.apply(put('nacos', service('d')));
    expect(catalog.findings()).toHaveLength(1);
  });
});

describe('an address that has left its service', () => {
  const b = (...addresses: readonly string[]) =>
    put('nacos', service('b', { endpoints: addresses.map((address) => endpoint(address)) }));

  it('is known to have been of it, until another has it or there is no such service', () => {
    const { catalog, changes } = start();
    catalog.apply(b('10.0.0.1', '10.0.0.2'));
    catalog.apply(b('10.0.0.2'));
    expect(catalog.resolve('ip:10.0.0.1')).toEqual([]);
    expect(catalog.formerly('ip:10.0.0.1')).toBe('shop/b');
    catalog.apply(b('10.0.0.3'));
    expect(changes.at(-1)?.keys).toContain('ip:10.0.0.1');
    catalog.apply(put('nacos', service('c', { endpoints: [endpoint('10.0.0.1')] })));
    expect(catalog.formerly('ip:10.0.0.1')).toBeUndefined();
    expect(catalog.formerly('ip:10.0.0.2')).toBe('shop/b');
    catalog.apply({ source: 'nacos', put: [], removed: ['shop/b'] });
    expect(catalog.formerly('ip:10.0.0.2')).toBeUndefined();
    expect(changes.at(-1)?.keys).toContain('ip:10.0.0.2');
  });

  it('is remembered among a bounded number, the latest first', () => {
    const former = new FormerKeys(2);
    for (const last of [1, 2, 3, 2]) former.add(`ip:10.0.0.${last}`, 'shop/b');
    former.add('ip:10.0.0.4', 'shop/b');
    expect([...former.keysOf('shop/b')]).toEqual(['ip:10.0.0.2', 'ip:10.0.0.4']);
    former.remove('ip:10.0.0.2');
    former.forget('shop/b');
    expect(former.idOf('ip:10.0.0.4')).toBeUndefined();
  });
});
