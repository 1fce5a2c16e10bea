import { expect, it } from 'vitest';
import { endpoint, put, service } from './catalog.fixture.ts';
import { createCatalog } from './create-catalog.ts';
import type { PodFacts } from './source-service.ts';

const POD: PodFacts = { pod: 'b-1', namespace: 'shop', healthy: true, isMisnamed: false };

/** What is said of an instance at 10.0.0.1:8080 whose pod, where there is one, is `pod`. */
function disputed(pod: Partial<PodFacts> | undefined, registered: Parameters<typeof endpoint>[1] = {}) {
  const pods = new Map(pod === undefined ? [] : [['10.0.0.1', { ...POD, ...pod }]]);
  const catalog = createCatalog({ clusterDomain: 'cluster.local', podAt: (address) => pods.get(address) });
  const others = [endpoint('10.0.0.1', { source: 'file' })];
  catalog.apply(put('file', service('shop/files', { endpoints: others })));
  const endpoints = [endpoint('10.0.0.1', { source: 'nacos', ...registered })];
  catalog.apply(put('nacos', service('demo/b', { endpoints })));
  return { catalog, pods, disputes: () => catalog.laneDisputes() };
}

const DISPUTE = { service: 'demo/b', instance: '10.0.0.1:8080', pod: 'shop/b-1' };

it('tells the instances of Nacos that name no lane though their pods are of one, or another one', () => {
  expect(disputed({ lane: 'gray' }).disputes()).toEqual([{ ...DISPUTE, registered: null, lane: 'gray' }]);
  expect(disputed({ lane: 'gray' }, { lane: 'blue' }).disputes()).toEqual([
    { ...DISPUTE, registered: 'blue', lane: 'gray' },
  ]);
  expect(disputed({}, { lane: 'blue' }).disputes()).toEqual([{ ...DISPUTE, registered: 'blue', lane: null }]);
});

it.each([
  ['both name one lane', { lane: 'gray' }, { lane: 'gray' }],
  ['neither names one', {}, {}],
  ['no pod of the cluster is there', undefined, { lane: 'gray' }],
  ['its pod goes', { lane: 'gray', healthy: false, dropReason: 'terminating' as const }, {}],
  [
    'its metadata name no lane, which is told elsewhere',
    { lane: 'gray' },
    { healthy: false, dropReason: 'invalid-lane' as const },
  ],
  ['its pod’s label is no lane name, which is told elsewhere', { isMisnamed: true }, { lane: 'gray' }],
])('says nothing where %s', (_, pod, registered) => {
  expect(disputed(pod, registered).disputes()).toEqual([]);
});

it('follows the pod and the registry', () => {
  const { catalog, pods, disputes } = disputed({ lane: 'gray' });
  pods.set('10.0.0.1', POD);
  expect(disputes()).toEqual([]);
  pods.set('10.0.0.1', { ...POD, lane: 'gray' });
  catalog.apply({ source: 'nacos', put: [], removed: ['demo/b'] });
  expect(disputes()).toEqual([]);
});
