import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { ENDPOINT_SLICES, NAMESPACES, PODS, SERVICES } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { eventually } from '@lanekeeper/kubernetes/testing/eventually';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { createRecordingLog } from '@lanekeeper/kubernetes/testing/recording-log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { ClusterChanges, ClusterWatch } from './cluster-tables.ts';
import { watchCluster } from './watch-cluster.ts';

let server: ApiServer;
let client: ApiClient;
let watch: ClusterWatch;
let metrics: Metrics;
let told: ClusterChanges[];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  metrics = new Metrics();
  told = [];
  const { log } = createRecordingLog();
  watch = watchCluster({ client, log, metrics: createKubernetesMetrics(metrics) });
});

afterEach(async () => {
  watch.stop();
  client.close();
  await server.stop();
});

function putPod(name: string, lane?: string): KubeObject {
  const labels = lane === undefined ? { app: 'b' } : { app: 'b', 'lanekeeper.io/lane': lane };
  return server.put({ resource: PODS }, { metadata: { name, namespace: 'shop', labels } });
}

function fill(): void {
  server.put({ resource: NAMESPACES }, { metadata: { name: 'shop' } });
  server.put(
    { resource: SERVICES },
    { metadata: { name: 'b', namespace: 'shop' }, spec: { ports: [{ port: 80 }] } },
  );
  const labels = { 'kubernetes.io/service-name': 'b' };
  server.put(
    { resource: ENDPOINT_SLICES },
    { metadata: { name: 'b-x', namespace: 'shop', labels }, addressType: 'IPv4' },
  );
  putPod('b-1');
}

async function begin(): Promise<void> {
  watch.onChange((changes) => void told.push(changes));
  watch.start();
  await watch.synced();
  await eventually('all watches are open', () => server.watchers.length === 4);
}

it('tells everything once when all tables have been read', async () => {
  fill();
  await begin();
  expect(told).toHaveLength(1);
  const [{ namespaces, pods, services, slices }] = told as [ClusterChanges];
  expect([namespaces, services, slices, pods].map(({ keys }) => [...keys])).toEqual([
    ['shop'],
    ['shop/b'],
    ['shop/b-x'],
    ['shop/b-1'],
  ]);
  expect(watch.tables.services.get('shop/b')?.ports).toEqual([
    { name: '', port: 80, targetPort: 80, protocol: 'TCP' },
  ]);
  expect(watch.tables.slices.get('shop/b-x')?.service).toBe('b');
});

it('says nothing before the last table has been read', async () => {
  fill();
  let isHeld = true;
  server.fault = ({ path }) =>
    isHeld && path.endsWith('/services') ? { kind: 'status', status: 503 } : undefined;
  watch.onChange((changes) => void told.push(changes));
  watch.start();
  await eventually('only services are unknown', () => watch.problems().length === 1);
  expect([told.length, watch.hasSynced()]).toEqual([0, false]);
  expect(watch.problems()).toEqual(['services have not been read from the API server yet']);
  isHeld = false;
  await watch.synced();
  expect([told.length, watch.hasSynced(), watch.problems()]).toEqual([1, true, []]);
});

it('tells changes together, with what stood there before', async () => {
  fill();
  await begin();
  putPod('b-1', 'gray');
  putPod('b-2');
  server.remove({ resource: SERVICES }, 'b', 'shop');
  await eventually(
    'all is told',
    () => told.slice(1).some(({ services }) => services.keys.size > 0) && watch.tables.pods.size === 2,
  );
  const before = told.slice(1).flatMap(({ pods }) => [...pods.before.values()]);
  expect(before.map(({ meta }) => meta.labels)).toEqual([{ app: 'b' }]);
  expect(watch.tables.pods.get('shop/b-1')?.meta.labels['lanekeeper.io/lane']).toBe('gray');
  expect(watch.tables.services.size).toBe(0);
});

it('tells thousands of changes in few calls', async () => {
  fill();
  for (let index = 0; index < 3_000; index++) putPod(`p${index}`);
  await begin();
  expect(told).toHaveLength(1);
  expect(told[0]?.pods.keys.size).toBe(3_001);
  for (let index = 0; index < 3_000; index++) putPod(`p${index}`, 'gray');
  const isGray = (): number =>
    [...watch.tables.pods.values()].filter(({ meta }) => 'lanekeeper.io/lane' in meta.labels).length;
  await eventually('all are told', () => isGray() === 3_000);
  expect(told.length).toBeLessThan(300);
});

it('asks only for pods that have not ended', async () => {
  await begin();
  const ofPods = server.requests.filter(({ path }) => path.endsWith('/pods'));
  expect(ofPods.map(({ query }) => query.get('fieldSelector'))).toEqual(
    Array.from({ length: 2 }, () => 'status.phase!=Succeeded,status.phase!=Failed'),
  );
});

it('counts odd fields and keeps the object', async () => {
  server.put({ resource: PODS }, { metadata: { name: 'odd', namespace: 'shop' }, spec: { nodeName: 7 } });
  await begin();
  expect(watch.tables.pods.get('shop/odd')?.nodeName).toBe('');
  expect(metrics.expose()).toContain('lanekeeper_kubernetes_malformed_fields_total{resource="pods"} 1');
});

it('has one listener', () => {
  watch.onChange(() => undefined);
  expect(() => watch.onChange(() => undefined)).toThrow('one listener');
});

it('goes on when its listener fails', async () => {
  fill();
  let calls = 0;
  watch.onChange(() => {
    calls += 1;
    throw new Error('of the listener');
  });
  watch.start();
  await watch.synced();
  await eventually('all watches are open', () => server.watchers.length === 4);
  putPod('b-2');
  await eventually('it was called again', () => calls === 2);
});
