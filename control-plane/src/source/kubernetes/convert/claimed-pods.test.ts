import { expect, test } from 'vitest';
import { ClusterConverter } from './cluster-converter.ts';
import { pod, service, TestCluster } from './cluster.fixture.ts';
import type { LaneClaim } from './lane-claim.ts';

const GRAY: LaneClaim = {
  by: 'Lane shop/gray',
  lane: 'gray',
  createdAt: 1,
  pods: { kind: 'members', services: [{ name: 'web', namespace: 'shop' }] },
};
const GREEN: LaneClaim = {
  by: 'WorkloadLabelRule shop/green',
  lane: 'green',
  createdAt: 2,
  pods: { kind: 'workloads', namespace: 'shop', labels: {} },
};

test('a pod that leaves the Service of the lane that its labels name goes to who claims it next, and comes back', () => {
  const cluster = new TestCluster();
  const converter = new ClusterConverter(cluster.tables);
  const labels = { tier: 'x', 'lanekeeper.io/lane': 'gray' };
  const member = pod('p1', '10.0.0.1', { namespace: 'shop', labels });
  const web = (tier: string) => service('web', { namespace: 'shop', selector: { tier } });
  const lane = (): unknown => {
    converter.apply(cluster.changes());
    return converter.standingOf(cluster.pods.objects.get('shop/p1') as never);
  };
  converter.claim([GRAY, GREEN]);
  cluster.put(member, web('x'));
  expect(lane()).toEqual({ kind: 'lane', lane: 'gray' });
  cluster.put(web('y'));
  expect(lane()).toEqual({ kind: 'lane', lane: 'green' });
  cluster.put(web('x'));
  expect(lane()).toEqual({ kind: 'lane', lane: 'gray' });
});
