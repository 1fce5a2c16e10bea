import { describe, expect, it } from 'vitest';
import { endpoint, put, service } from './catalog.fixture.ts';
import { createCatalog } from './create-catalog.ts';
import type { PodFacts } from './source-service.ts';

/** Pods of Kubernetes that are instances of Nacos. */
function start(pods: ReadonlyMap<string, PodFacts> = new Map()) {
  const catalog = createCatalog({ clusterDomain: 'cluster.local', podAt: (address) => pods.get(address) });
  return {
    catalog,
    endpoints: () => catalog.service('shop/b')?.value.endpoints ?? [],
    ports: () => catalog.service('shop/b')?.value.ports.map(({ port }) => port),
  };
}

const nacos = (address: string, port = 8080, given = {}) =>
  endpoint(address, { ports: { 80: port }, source: 'nacos', ...given });
const POD: PodFacts = { pod: 'b-1', namespace: 'shop', healthy: true, isMisnamed: false };

describe('a pod that is registered in Nacos as well', () => {
  it('is one endpoint under each port that either knows it by, with the Service’s word first', () => {
    const { catalog, endpoints, ports } = start();
    const pod = endpoint('10.0.0.1', { ports: { 8080: 8080 }, pod: 'b-1', weight: 100 });
    catalog.apply(
      put('kubernetes', service('b', { ports: [{ port: 8080, protocol: 'http' }], endpoints: [pod] })),
    );
    catalog.apply(
      put('nacos', service('b', { endpoints: [nacos('10.0.0.1', 8080, { weight: 5, lane: 'gray' })] })),
    );
    expect(ports()).toEqual([80, 8080]);
    expect(endpoints()).toMatchObject([
      { ports: { 80: 8080, 8080: 8080 }, pod: 'b-1', weight: 100, lane: 'gray', source: 'kubernetes' },
    ]);
  });

  it('is no candidate where either says so: its pod ends, or Nacos has it switched off', () => {
    const { catalog, endpoints } = start();
    const going = { healthy: false, dropReason: 'terminating' } as const;
    catalog.apply(
      put('kubernetes', service('b', { endpoints: [endpoint('10.0.0.1', going), endpoint('10.0.0.2')] })),
    );
    const off = { healthy: false, dropReason: 'disabled' } as const;
    catalog.apply(
      put('nacos', service('b', { endpoints: [nacos('10.0.0.1'), nacos('10.0.0.2', 8080, off)] })),
    );
    expect(endpoints().map(({ healthy, dropReason }) => [healthy, dropReason])).toEqual([
      [false, 'terminating'],
      [false, 'disabled'],
    ]);
  });

  it('goes on by its pod when Nacos has forgotten it', () => {
    const { catalog, endpoints } = start();
    catalog.apply(put('kubernetes', service('b', { endpoints: [endpoint('10.0.0.1')] })));
    catalog.apply(put('nacos', service('b')));
    expect(endpoints()).toMatchObject([{ address: '10.0.0.1', healthy: true }]);
  });

  it('with another port there than the Service has gets no requests for the Service', () => {
    const { catalog, endpoints, ports } = start(new Map([['10.0.0.1', { ...POD, lane: 'gray' }]]));
    catalog.apply(
      put('nacos', service('b', { endpoints: [nacos('10.0.0.1', 20_880), nacos('10.0.0.9', 20_880)] })),
    );
    expect(ports()).toEqual([80]);
    const pod = endpoint('10.0.0.1', { lane: 'gray' });
    catalog.apply(put('kubernetes', service('b', { endpoints: [pod] })));
    expect(ports()).toEqual([80, 20_880]);
    expect(endpoints().map(({ address, ports: own, lane }) => [address, own, lane])).toEqual([
      ['10.0.0.1', { 20880: 20_880 }, 'gray'],
      ['10.0.0.1', { 80: 8080 }, 'gray'],
      ['10.0.0.9', { 20880: 20_880 }, undefined],
    ]);
    catalog.apply({ source: 'kubernetes', put: [], removed: ['shop/b'] });
    expect(ports()).toEqual([80]);
  });
});

describe('an instance of Nacos whose service Kubernetes does not know', () => {
  const world = (facts: Partial<PodFacts>, given = {}) => {
    const pods = new Map([['10.0.0.1', { ...POD, ...facts }]]);
    const started = start(pods);
    started.catalog.apply(put('nacos', service('b', { endpoints: [nacos('10.0.0.1', 8080, given)] })));
    return { ...started, pods };
  };

  it('has the lane of its metadata, else that of its pod', () => {
    expect(world({ lane: 'gray' }).endpoints()[0]?.lane).toBe('gray');
    expect(world({ lane: 'gray' }, { lane: 'blue' }).endpoints()[0]?.lane).toBe('blue');
  });

  it('has the zone of its pod, which is what callers have, else what Nacos says', () => {
    expect(world({ zone: 'z1' }, { zone: 'HZ' }).endpoints()[0]?.zone).toBe('z1');
    expect(world({}, { zone: 'HZ' }).endpoints()[0]?.zone).toBe('HZ');
  });

  it('is no candidate from the moment its pod ends, whatever Nacos says', () => {
    const { catalog, pods, endpoints } = world({});
    expect(endpoints()[0]?.healthy).toBe(true);
    pods.set('10.0.0.1', { ...POD, healthy: false, dropReason: 'terminating' });
    catalog.apply({ ...put('kubernetes'), addresses: ['10.0.0.1'] });
    expect(endpoints()).toMatchObject([{ healthy: false, dropReason: 'terminating' }]);
  });

  it('keeps the reason that Nacos has', () => {
    const off = { healthy: false, dropReason: 'invalid-lane' } as const;
    expect(world({ healthy: false }, off).endpoints()[0]?.dropReason).toBe('invalid-lane');
  });
});
