import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import { ApiServer, type Fault } from '@lanekeeper/kubernetes/testing/api-server';
import { eventually } from '@lanekeeper/kubernetes/testing/eventually';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { createRecordingLog, type LogLine } from '@lanekeeper/kubernetes/testing/recording-log';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readDocument, type KubeDocument } from './read/read-document.ts';
import { watchOptional, type OptionalTable } from './watch-optional.ts';

const LANES: Resource = { group: 'lanekeeper.io', version: 'v1alpha1', plural: 'lanes', kind: 'Lane' };
const NOT_FOUND: Fault = { kind: 'status', status: 404, reason: 'NotFound' };

let server: ApiServer;
let client: ApiClient;
let lines: readonly LogLine[];
let pending: number;
let lanes: OptionalTable<KubeDocument>;
let answer: Fault | undefined;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  answer = undefined;
  server.fault = () => answer;
  client = openClient(server.url);
  pending = 0;
  const recording = createRecordingLog();
  lines = recording.lines;
  lanes = watchOptional(
    {
      ...{ client, log: recording.log, metrics: createKubernetesMetrics(new Metrics()), lookAgainMs: 20 },
      times: { backoffBaseMs: 2, backoffMaxMs: 5 },
    },
    { resource: LANES, read: readDocument(LANES), onPending: () => (pending += 1) },
  );
});

afterEach(async () => {
  lanes.stop();
  client.close();
  await server.stop();
});

function putLane(name: string, spec: unknown, metadata: Readonly<Record<string, unknown>> = {}): void {
  server.put({ resource: LANES }, { metadata: { name, namespace: 'shop', ...metadata }, spec });
}

const events = (): readonly string[] => lines.map(({ event }) => event);

it('is synced as empty, and has no problem, where the kind is not served', async () => {
  answer = NOT_FOUND;
  lanes.start();
  await lanes.synced();
  expect([lanes.hasSynced(), lanes.isServed(), lanes.store.size, pending]).toEqual([true, false, 0, 0]);
  expect([lanes.problems(), events()]).toEqual([[], []]);
});

it('follows the kind from when it appears', async () => {
  answer = NOT_FOUND;
  lanes.start();
  await lanes.synced();
  putLane('gray', { group: 'demo' });
  answer = undefined;
  await eventually('the lane is known', () => lanes.store.size === 1);
  expect([...lanes.take().keys]).toEqual(['shop/gray']);
  await eventually('the watch is open', () => server.watchers.length === 1);
  putLane('blue', { group: 'demo' });
  await eventually('the other lane is known', () => lanes.store.size === 2);
  expect([lanes.isServed(), lanes.problems(), [...lanes.take().keys]]).toEqual([true, [], ['shop/blue']]);
});

it('is synced with all objects where the kind is served from the beginning', async () => {
  putLane('gray', { group: 'demo' });
  lanes.start();
  await lanes.synced();
  expect([...lanes.store.keys()]).toEqual(['shop/gray']);
});

it('forgets all objects when the kind is served no more, and finds those of its next life', async () => {
  putLane('gray', { group: 'demo' });
  lanes.start();
  await lanes.synced();
  await eventually('the watch is open', () => server.watchers.length === 1);
  lanes.take();
  answer = NOT_FOUND;
  for (const watcher of server.watchers) watcher.end();
  await eventually('the lane is forgotten', () => lanes.store.size === 0);
  const { keys, before } = lanes.take();
  expect([[...keys], before.size, lanes.problems()]).toEqual([['shop/gray'], 1, []]);
  answer = undefined;
  await eventually('the lane is known again', () => lanes.store.size === 1);
  expect(events()).toEqual(expect.arrayContaining(['kind_served', 'kind_not_served_any_longer']));
});

it('keeps what it knows when the server does not know its own kinds for a moment', async () => {
  putLane('gray', { group: 'demo' });
  lanes.start();
  await lanes.synced();
  await eventually('the watch is open', () => server.watchers.length === 1);
  let asked = 0;
  server.fault = () => ((asked += 1) === 1 ? NOT_FOUND : undefined);
  for (const watcher of server.watchers) watcher.end();
  await eventually('it is watched again', () => asked > 1 && server.watchers.length === 1);
  putLane('blue', { group: 'demo' });
  await eventually('news comes', () => lanes.store.size === 2);
  expect(events()).not.toContain('kind_not_served_any_longer');
});

it('waits for a server that cannot be asked: nothing is known then', async () => {
  answer = { kind: 'status', status: 503 };
  lanes.start();
  await eventually('it has been asked again', () => server.requests.length > 2);
  expect([lanes.hasSynced(), lanes.problems()]).toEqual([
    false,
    ['lanes have not been read from the API server yet'],
  ]);
  answer = undefined;
  await lanes.synced();
});

it('keeps nobody waiting for a right that is missing, and says which one', async () => {
  answer = { kind: 'status', status: 403, reason: 'Forbidden' };
  lanes.start();
  await lanes.synced();
  expect(lanes.problems()).toEqual([
    expect.stringContaining('rule {verbs: ["list"], apiGroups: ["lanekeeper.io"]'),
  ]);
  await eventually('it has been asked again', () => server.requests.length > 3);
  expect(events()).toEqual(['kind_not_readable']);
  answer = undefined;
  await eventually('the watch is open', () => server.watchers.length === 1);
  expect(lanes.problems()).toEqual([]);
});

it('keeps of an object what people write, and takes a write of nothing else for no change', async () => {
  const annotations = { note: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  putLane('gray', { group: 'demo' }, { generation: 3, annotations, managedFields: [{ manager: 'kubectl' }] });
  lanes.start();
  await lanes.synced();
  const kept = lanes.store.get('shop/gray');
  expect(kept).toMatchObject({ apiVersion: 'lanekeeper.io/v1alpha1', kind: 'Lane', spec: { group: 'demo' } });
  expect(kept?.metadata).toMatchObject({ generation: 3, annotations: { note: 'x' } });
  expect(Object.keys(kept?.metadata ?? {})).not.toContain('managedFields');
  await eventually('the watch is open', () => server.watchers.length === 1);
  lanes.take();
  putLane('gray', { group: 'demo' }, { generation: 3, annotations, managedFields: [{ manager: 'other' }] });
  putLane('blue', { group: 'demo' });
  await eventually('all is told', () => lanes.store.size === 2);
  expect([...lanes.take().keys]).toEqual(['shop/blue']);
});
