import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import { CONFIG_MAPS } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import type { ReplicaStatus } from './mesh-status.ts';
import { createStatusBoard, STATUS_MAP, type StatusBoard, type StatusBoardOptions } from './status-board.ts';

const NAMESPACE = 'lanekeeper-system';
const EMPTY: ReplicaStatus = {
  ...{ sidecars: 0, inStep: 0, behind: [], rejected: [], versions: {}, mesh: 'm1', problems: [] },
};

const DISPUTE = {
  ...{ service: 'shop/b', instance: '10.0.0.1:8080', pod: 'shop/b-gray-1' },
  ...{ registered: null, lane: 'gray' },
};

let server: ApiServer;
let client: ApiClient;
let boards: StatusBoard[];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  boards = [];
  server.put({ resource: CONFIG_MAPS }, { metadata: { name: STATUS_MAP, namespace: NAMESPACE } });
});

afterEach(async () => {
  for (const board of boards) board.stop();
  client.close();
  await server.stop();
});

function start(options: Partial<StatusBoardOptions>): void {
  const board = createStatusBoard({
    ...{ client, namespace: NAMESPACE, pod: 'cp-1', intervalMs: 5, log: createRecordingLog() },
    status: () => EMPTY,
    findings: () => ({ notInjected: [], objects: [], laneDisputes: [] }),
    isLeader: () => false,
    isAlive: () => true,
    ...options,
  });
  boards.push(board);
  board.start();
}

async function data(): Promise<Readonly<Record<string, unknown>>> {
  const map = await client.get({ resource: CONFIG_MAPS, namespace: NAMESPACE, name: STATUS_MAP });
  return fieldsOf(map['data']);
}

async function summary(): Promise<unknown> {
  return JSON.parse(String((await data())['status.json'])) as unknown;
}

it('each replica writes its own key, and only when it has something new to say', async () => {
  let sidecars = 1;
  start({ status: () => ({ ...EMPTY, sidecars }) });
  await vi.waitFor(async () => expect(Object.keys(await data())).toEqual(['replica.cp-1.json']));
  const writes = (): number => server.requests.filter(({ method }) => method === 'PATCH').length;
  expect(writes()).toBe(1);
  sidecars = 2;
  await vi.waitFor(async () => expect(String((await data())['replica.cp-1.json'])).toContain('"sidecars":2'));
  expect(writes()).toBe(2);
});

it('the leader sums all replicas up, and adds what the cluster lacks', async () => {
  const rejected = [{ pod: 'shop/a-1', parts: ['shop/b'], problems: ['ports: expected one'], atMs: 1 }];
  start({
    pod: 'cp-1',
    status: () => ({ ...EMPTY, sidecars: 3, inStep: 2, versions: { '0.1.0': 3 }, rejected }),
  });
  start({
    pod: 'cp-2',
    status: () => ({ ...EMPTY, sidecars: 4, inStep: 4, versions: { '0.1.0': 3, '0.2.0': 1 } }),
    findings: () => ({
      notInjected: ['shop/b-gray'],
      objects: ['Service shop/x: no such namespace'],
      laneDisputes: [DISPUTE],
    }),
    isLeader: () => true,
  });
  await vi.waitFor(async () =>
    expect(await summary()).toMatchObject({
      sidecars: 7,
      inStep: 6,
      versions: { '0.1.0': 6, '0.2.0': 1 },
      rejected,
      notInjected: ['shop/b-gray'],
      objects: ['Service shop/x: no such namespace'],
      laneDisputes: [DISPUTE],
      replicas: [
        { pod: 'cp-1', sidecars: 3 },
        { pod: 'cp-2', sidecars: 4 },
      ],
    }),
  );
});

it('the leader takes away what a replica that is gone has left', async () => {
  const left = { 'replica.cp-0.json': JSON.stringify({ ...EMPTY, sidecars: 9 }) };
  await client.patch(
    { resource: CONFIG_MAPS, namespace: NAMESPACE, name: STATUS_MAP },
    { type: 'merge', body: { data: left } },
  );
  start({ isLeader: () => true, isAlive: (pod) => pod === 'cp-1' });
  await vi.waitFor(async () =>
    expect(Object.keys(await data()).sort()).toEqual(['replica.cp-1.json', 'status.json']),
  );
  expect(await summary()).toMatchObject({ sidecars: 0 });
});

it('what cannot be read is nobody’s word', async () => {
  const nonsense = { 'replica.cp-0.json': '{"sidecars":"many"}', 'replica.cp-9.json': '{', note: 'by hand' };
  await client.patch(
    { resource: CONFIG_MAPS, namespace: NAMESPACE, name: STATUS_MAP },
    { type: 'merge', body: { data: nonsense } },
  );
  start({ isLeader: () => true });
  await vi.waitFor(async () => expect(await summary()).toMatchObject({ replicas: [{ pod: 'cp-1' }] }));
  expect((await data())['note']).toBe('by hand');
});

it('a write that fails is said once and tried again', async () => {
  const log = createRecordingLog();
  server.fault = () => ({ kind: 'status', status: 403, reason: 'Forbidden' });
  start({ log });
  await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(2));
  expect(log.events.map(({ event }) => event)).toEqual(['status_not_written']);
  server.fault = () => undefined;
  await vi.waitFor(async () => expect(Object.keys(await data())).toEqual(['replica.cp-1.json']));
});
