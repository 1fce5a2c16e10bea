import { expect, test } from 'vitest';
import { readInstanceList } from './read-instance-list.ts';

const told = { ip: '10.0.0.1', port: 80, weight: 2, enabled: true, healthy: true, ephemeral: true };

test('reads an instance as Nacos 2 tells it', () => {
  const host = {
    ...told,
    clusterName: 'a',
    metadata: { version: 'v1' },
    instanceId: 'x',
    serviceName: 'g@@s',
  };
  expect(readInstanceList({ name: 's', hosts: [host], lastRefTime: 1, checksum: '' })).toEqual({
    instances: [{ ...told, cluster: 'a', metadata: { version: 'v1' } }],
    isProtected: false,
  });
});

test('takes what an old server leaves out as the usual', () => {
  expect(readInstanceList({ hosts: [{ ip: 'db.local', port: '80', valid: false }] })?.instances).toEqual([
    {
      ...{ ip: 'db.local', port: 80, weight: 1, enabled: true, healthy: false, ephemeral: true },
      ...{ cluster: 'DEFAULT', metadata: {} },
    },
  ]);
});

test.each(['reachProtectionThreshold', 'reachLocalSiteCallThreshold'])('knows protection by %s', (field) => {
  expect(readInstanceList({ hosts: [], [field]: true })?.isProtected).toBe(true);
});

test.each([
  ['NaN', NaN],
  ['-Infinity', -Infinity],
  [-1, -1],
  [0, 0],
  ['heavy', NaN],
])('hands on the weight %j as %d', (weight, expected) => {
  expect(readInstanceList({ hosts: [{ ...told, weight }] })?.instances[0]?.weight).toBe(expected);
});

test('hands on metadata of any value as text', () => {
  const metadata = { zone: 1, tags: ['a'], lane: null, 名: '值', __proto__: 'x' };
  const [instance] = readInstanceList({ hosts: [{ ...told, metadata }] })?.instances ?? [];
  expect(instance?.metadata).toEqual({ zone: '1', tags: '["a"]', 名: '值' });
  for (const odd of [null, 'text', ['a']]) {
    expect(readInstanceList({ hosts: [{ ...told, metadata: odd }] })?.instances[0]?.metadata).toEqual({});
  }
});

test('keeps duplicates and the order, and leaves out what is no instance', () => {
  const hosts = [told, null, 'x', { port: 80 }, { ip: '', port: 80 }, { ip: '10.0.0.2', port: 'http' }, told];
  expect(readInstanceList({ hosts })?.instances.map(({ ip }) => ip)).toEqual(['10.0.0.1', '10.0.0.1']);
});

test('takes a service without a list as one without instances, and anything else as no answer', () => {
  expect(readInstanceList({ name: 's', hosts: null })?.instances).toEqual([]);
  for (const odd of [undefined, null, 'caused: service not found', [told], { hosts: 'none' }, {}]) {
    expect(readInstanceList(odd)).toBeUndefined();
  }
});
