import { describe, expect, it } from 'vitest';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { DEFAULT_MESH_PART } from '../../catalog/mesh-part.ts';
import type { ClusterChanges, ClusterWatch } from './cluster-tables.ts';
import { endpoint, namespace, pod, service, slice, TestCluster } from './convert/cluster.fixture.ts';
import { followCluster } from './follow-cluster.ts';

function start() {
  const cluster = new TestCluster();
  let listener: (changes: ClusterChanges) => void = () => undefined;
  const watch: ClusterWatch = {
    tables: cluster.tables,
    hasSynced: () => true,
    synced: () => Promise.resolve(),
    onChange: (given) => void (listener = given),
    problems: () => [],
    start: () => undefined,
    stop: () => undefined,
  };
  const log = createRecordingLog();
  const followed = followCluster({ watch, clusterDomain: 'cluster.local', log });
  return { cluster, followed, log, tell: () => listener(cluster.changes()) };
}

describe('a cluster that is followed', () => {
  it('is in the catalog as the watch tells it, until it is gone', () => {
    const { cluster, followed, tell } = start();
    const labels = { app: 'b', 'lanekeeper.io/lane': 'gray' };
    cluster.put(service('b'), pod('b-1', '10.0.0.1', { labels }), slice('b', [endpoint('b-1', '10.0.0.1')]));
    expect(followed.catalog.service('shop/b')).toBeUndefined();
    tell();
    expect(followed.catalog.service('shop/b')?.value.endpoints).toMatchObject([{ lane: 'gray' }]);
    expect(followed.catalog.resolve('ip:10.0.0.1')).toEqual(['shop/b']);
    cluster.services.remove('shop/b');
    tell();
    expect(followed.catalog.service('shop/b')).toBeUndefined();
    expect(followed.catalog.mesh().value.lanes).toEqual([]);
  });

  it('is complained of once for each object that cannot be taken as it is, and again when it comes back', () => {
    const { cluster, followed, log, tell } = start();
    const complaints = () => log.events.filter(({ event }) => event === 'object_not_usable').length;
    const wrong = service('b', { annotations: { 'lanekeeper.io/export-to': 'No!' } });
    cluster.put(wrong);
    tell();
    cluster.put(service('c'));
    tell();
    expect(followed.problems()).toHaveLength(1);
    expect(complaints()).toBe(1);
    cluster.put(service('b'));
    tell();
    expect(followed.problems()).toEqual([]);
    cluster.put(wrong);
    tell();
    expect(complaints()).toBe(2);
  });

  it('knows the pods of lanes that should have a sidecar and have none', () => {
    const { cluster, followed, tell } = start();
    const gray = { labels: { 'lanekeeper.io/lane': 'gray' }, isInjected: false };
    cluster.put(
      namespace('shop', { labels: { 'lanekeeper.io/injection': 'enabled' } }),
      pod('bare', '10.0.0.1', gray),
      pod('injected', '10.0.0.2', { ...gray, isInjected: true }),
      pod('base', '10.0.0.3', { isInjected: false }),
    );
    tell();
    expect(followed.notInjected()).toEqual(['shop/bare']);
  });

  it('knows the zone of a pod’s address by the endpoints of its node', () => {
    const { cluster, followed, tell } = start();
    cluster.put(
      pod('caller', '10.0.0.9', { nodeName: 'node-7' }),
      pod('b-1', '10.0.0.1', { labels: { app: 'b' } }),
      service('b'),
      slice('b', [endpoint('b-1', '10.0.0.1', { nodeName: 'node-7', zone: 'z7' })]),
    );
    tell();
    expect(followed.catalog.zoneOf('10.0.0.9')).toBe('z7');
    expect(followed.catalog.zoneOf('10.0.0.8')).toBeUndefined();
  });

  it('says whose lane is another one when a selector comes, moves and goes, and when labels change', () => {
    const { cluster, followed, tell } = start();
    const told: (readonly [string, string | undefined])[] = [];
    followed.catalog.subscribe(({ relaned = [] }) => {
      for (const address of relaned) told.push([address, followed.catalog.laneOf(address)]);
    });
    const take = () => told.splice(0).sort();
    const select = (...versions: readonly string[]) =>
      followed.declare({
        mesh: DEFAULT_MESH_PART,
        claims: versions.map((version) => ({
          ...{ by: `Lane shop/${version}`, lane: `lane-${version}`, createdAt: 1 },
          pods: { kind: 'members', services: [{ name: 'b', namespace: 'shop' }], labels: { version } },
        })),
      });
    const labels = (version: string, more = {}) => ({ labels: { app: 'b', version, ...more } });
    cluster.put(service('b'), pod('b-1', '10.0.0.1', labels('v1')), pod('b-2', '10.0.0.2', labels('v2')));
    tell();
    expect(take()).toEqual([]);
    select('v1');
    expect(take()).toEqual([['10.0.0.1', 'lane-v1']]);
    select('v2');
    expect(take()).toEqual([
      ['10.0.0.1', 'base'],
      ['10.0.0.2', 'lane-v2'],
    ]);
    cluster.put(pod('b-3', '10.0.0.3', labels('v2')));
    tell();
    expect(take()).toEqual([['10.0.0.3', 'lane-v2']]);
    cluster.put(pod('b-1', '10.0.0.1', labels('v1', { 'lanekeeper.io/lane': 'gray' })));
    tell();
    expect(take()).toEqual([['10.0.0.1', 'gray']]);
    select();
    expect(take()).toEqual([
      ['10.0.0.2', 'base'],
      ['10.0.0.3', 'base'],
    ]);
  });

  it('tells of pods that a selector has given another lane, for who registers them', () => {
    const { cluster, followed, tell } = start();
    const labels = { app: 'b', version: 'v1' };
    cluster.put(service('b'), pod('b-1', '10.0.0.1', { labels }), pod('c-1', '10.0.0.2'));
    tell();
    const told: string[] = [];
    followed.subscribe(({ pods }) => void told.push(...pods.keys));
    const pods = { kind: 'workloads', namespace: 'shop', app: 'b', labels: {} } as const;
    const claims = [{ by: 'WorkloadLabelRule shop/r', lane: 'gray', createdAt: 1, pods }];
    followed.declare({ mesh: DEFAULT_MESH_PART, claims });
    followed.declare({ mesh: DEFAULT_MESH_PART, claims });
    expect(told).toEqual(['shop/b-1']);
    const [b, c] = ['shop/b-1', 'shop/c-1'].map((key) => cluster.pods.objects.get(key));
    expect([b, c].map((one) => one && followed.standingOf(one))).toEqual([
      { kind: 'lane', lane: 'gray' },
      { kind: 'baseline' },
    ]);
  });
});
