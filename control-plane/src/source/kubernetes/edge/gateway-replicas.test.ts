import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Verdict } from '../lanes/conditions.ts';
import { createGatewayReplicas, type GatewayReplicas } from './gateway-replicas.ts';

const metadata = { name: 'lanekeeper-gateway', namespace: 'own' };

let server: ApiServer;
let client: ApiClient;
let replicas: GatewayReplicas;
let told: Verdict[];
let isLeader: boolean;
let lead: () => void;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  [told, isLeader] = [[], false];
  start(10);
});

function start(lookAgainMs: number): void {
  let tellLeader = (): void => undefined;
  replicas = createGatewayReplicas({
    ...{ client, namespace: 'own', log: createRecordingLog(), lookAgainMs },
    tell: (verdict) => void told.push(verdict),
    leadership: {
      isLeader: () => isLeader,
      subscribe(listener) {
        tellLeader = () => listener(isLeader);
        return () => undefined;
      },
    },
  });
  lead = () => {
    isLeader = true;
    tellLeader();
  };
}

afterEach(async () => {
  replicas.stop();
  client.close();
  await server.stop();
});

const putFleet = (count: number): void =>
  void server.put({ resource: DEPLOYMENTS }, { metadata, spec: { replicas: count } });
const specOf = async (resource = DEPLOYMENTS): Promise<unknown> =>
  (await client.get({ resource, ...metadata }))['spec'];
const writes = (): readonly string[] =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);

it('scales the Deployment once it leads, and brings back what somebody else has made of it', async () => {
  putFleet(1);
  replicas.want({ min: 3, max: 3 });
  expect(server.requests).toEqual([]);
  lead();
  await vi.waitFor(async () => expect(await specOf()).toEqual({ replicas: 3 }));
  expect(writes()).toEqual(['PATCH /apis/apps/v1/namespaces/own/deployments/lanekeeper-gateway/scale']);
  await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ status: 'True', reason: 'Scaled' }));
  putFleet(2);
  await vi.waitFor(async () => expect(await specOf()).toEqual({ replicas: 3 }));
});

it.each([
  [1, 2],
  [3, 3],
  [9, 5],
])(
  'without an autoscaler of the chart keeps %d within two bounds, as %d, and says who would decide',
  async (count, wanted) => {
    putFleet(count);
    lead();
    replicas.want({ min: 2, max: 5 });
    await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ status: 'False', reason: 'NoAutoscaler' }));
    expect(await specOf()).toEqual({ replicas: wanted });
  },
);

it('gives its bounds to the autoscaler of the chart, and leaves the Deployment to it', async () => {
  putFleet(9);
  const spec = { minReplicas: 2, maxReplicas: 10, metrics: [] };
  server.put({ resource: HORIZONTAL_POD_AUTOSCALERS }, { metadata, spec });
  lead();
  replicas.want({ min: 3, max: 6 });
  await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ status: 'True', reason: 'Autoscaled' }));
  expect(await specOf(HORIZONTAL_POD_AUTOSCALERS)).toEqual({ minReplicas: 3, maxReplicas: 6, metrics: [] });
  expect(await specOf()).toEqual({ replicas: 9 });
});

it('goes on after the API server has failed, and says where there is nothing to scale', async () => {
  server.fault = () => ({ kind: 'status', status: 500 });
  lead();
  replicas.want({ min: 2, max: 2 });
  await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(1));
  expect(told).toEqual([]);
  server.fault = () => undefined;
  await vi.waitFor(() => expect(told.at(-1)?.reason).toBe('DeploymentNotFound'));
  putFleet(1);
  await vi.waitFor(() => expect(told.at(-1)?.reason).toBe('Scaled'));
});

it('touches nothing while nobody says how many there are to be', async () => {
  start(60_000);
  putFleet(1);
  lead();
  replicas.want({ min: 2, max: 2 });
  await vi.waitFor(() => expect(told).not.toEqual([]));
  replicas.want(undefined);
  putFleet(7);
  const { length } = server.requests;
  replicas.want(undefined);
  lead();
  expect(await specOf()).toEqual({ replicas: 7 });
  expect(server.requests).toHaveLength(length + 1);
});
