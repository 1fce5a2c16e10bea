import { expect, it } from 'vitest';
import { pod, TestCluster } from '../source/kubernetes/convert/cluster.fixture.ts';
import { drainingAddresses } from './draining-addresses.ts';

it('are those of pods that are still the same, and never a node’s', () => {
  const { tables } = new TestCluster().put(
    pod('a', '10.0.0.1', { addresses: ['10.0.0.1', 'fd00:0::1'] }),
    pod('b', '10.0.0.2'),
    pod('c', '192.0.2.1', { hostNetwork: true }),
  );
  const draining = new Map([
    ['uid-a', 'shop/a'],
    ['uid-of-an-earlier-b', 'shop/b'],
    ['uid-c', 'shop/c'],
    ['uid-d', 'shop/d'],
  ]);
  expect([...drainingAddresses(draining, tables.pods)]).toEqual(['10.0.0.1', 'fd00::1']);
});
