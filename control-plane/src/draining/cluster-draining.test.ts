import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { CONFIG_MAPS } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SaidBy } from '../publish/presence.ts';
import { pod, TestCluster } from '../source/kubernetes/convert/cluster.fixture.ts';
import { NODE } from '../testing/discovery-client.ts';
import { createClusterDraining, type ClusterDraining } from './cluster-draining.ts';

const NAMESPACE = 'lanekeeper-system';
const MAP = { resource: CONFIG_MAPS, namespace: NAMESPACE, name: 'lanekeeper-status' };

let server: ApiServer;
let client: ApiClient;
let cluster: TestCluster;
let open: ClusterDraining[];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  open = [];
  cluster = new TestCluster().put(pod('a-1', '10.0.0.1'), pod('a-2', '10.0.0.2', { isTerminating: true }));
  server.put({ resource: CONFIG_MAPS }, { metadata: { name: MAP.name, namespace: NAMESPACE } });
  server.put(
    { resource: CONFIG_MAPS },
    { metadata: { name: 'of-somebody', namespace: NAMESPACE }, data: { 'draining.uid-x': 'shop/x' } },
  );
});

afterEach(async () => {
  for (const one of open) one.close();
  client.close();
  await server.stop();
});

function start(isLeader = false) {
  const log = createRecordingLog();
  const draining = createClusterDraining({
    ...{ client, namespace: NAMESPACE, log, metrics: createKubernetesMetrics(new Metrics()) },
    ...{ pods: cluster.tables.pods, isLeader: () => isLeader, sweepMs: 20 },
  });
  open.push(draining);
  draining.start();
  return { ...draining, log };
}

function said(name: string): SaidBy {
  const caller = { pod: name, podUid: `uid-${name}`, namespace: 'shop', expiresAtMs: Infinity };
  return { node: { ...NODE, pod: 'of-another-name' }, caller, peer: '10.0.0.1:1' };
}

async function notes(): Promise<readonly string[]> {
  const { data } = await client.get(MAP);
  return Object.keys(fieldsOf(data)).filter((key) => key.startsWith('draining.'));
}

it('what one replica hears all know, until the pod has a new sidecar at any of them', async () => {
  const [first, second] = [start(), start()];
  first.presence.draining(said('a-1'));
  expect(first.pods.has('uid-a-1')).toBe(true);
  await vi.waitFor(() => expect([...second.pods.all()]).toEqual([['uid-a-1', 'shop/a-1']]));
  second.presence.serving(said('a-1'));
  await vi.waitFor(() => expect(first.pods.has('uid-a-1')).toBe(false));
  expect(await notes()).toEqual([]);
});

it('a pod that terminates, or that nobody knows, is not written down', async () => {
  const { presence, pods } = start();
  presence.draining(said('a-2'));
  presence.draining(said('a-9'));
  presence.draining({ ...said('a-1'), caller: undefined });
  presence.draining(said('a-1'));
  await vi.waitFor(async () => expect(await notes()).toEqual(['draining.uid-a-1']));
  expect([...pods.all().keys()]).toEqual(['uid-a-1']);
});

it('the leader takes away the notes of pods that are gone', async () => {
  const [first] = [start(), start(true)];
  first.presence.draining(said('a-1'));
  await vi.waitFor(async () => expect(await notes()).toHaveLength(1));
  cluster.pods.remove('shop/a-1');
  await vi.waitFor(async () => expect(await notes()).toEqual([]));
  await vi.waitFor(() => expect(first.pods.all().size).toBe(0));
});

it('a note that cannot be written is tried again, and said once', async () => {
  const [first, second] = [start(), start()];
  server.fault = ({ method }) => (method === 'PATCH' ? { kind: 'status', status: 500 } : undefined);
  first.presence.draining(said('a-1'));
  const tries = (): number => server.requests.filter(({ method }) => method === 'PATCH').length;
  await vi.waitFor(() => expect(tries()).toBeGreaterThan(1));
  server.fault = () => undefined;
  await vi.waitFor(() => expect(second.pods.has('uid-a-1')).toBe(true), { timeout: 5_000 });
  expect(first.log.events.filter(({ event }) => event === 'draining_not_noted')).toHaveLength(1);
});
