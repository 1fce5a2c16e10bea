import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { eventually } from '@lanekeeper/kubernetes/testing/eventually';
import { createRecordingLog, type LogLine } from '@lanekeeper/kubernetes/testing/recording-log';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createObjectStatuses, type RunningStatuses } from './create-object-statuses.ts';
import type { Condition, ObjectRef } from './object-statuses.ts';

const LANES: Resource = { group: 'lanekeeper.io', version: 'v1alpha1', plural: 'lanes', kind: 'Lane' };
const COLLECTION = 'lanekeeper.io/v1alpha1/lanes';
const GRAY: ObjectRef = { resource: LANES, namespace: 'shop', name: 'gray' };
const PATH = '/apis/lanekeeper.io/v1alpha1/namespaces/shop/lanes/gray/status';

let server: ApiServer;
let client: ApiClient;
let lines: readonly LogLine[];
let leads: boolean;
let lead: (isLeader: boolean) => void;
let statuses: RunningStatuses;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  const recording = createRecordingLog();
  const { log } = recording;
  lines = recording.lines;
  leads = true;
  const listeners = new Set<(isLeader: boolean) => void>();
  lead = (isLeader) => {
    leads = isLeader;
    for (const listener of listeners) listener(isLeader);
  };
  const leadership = {
    isLeader: () => leads,
    subscribe: (listener: (isLeader: boolean) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  statuses = createObjectStatuses({ client, leadership, log, metrics: new Metrics(), intervalMs: 10 });
  putLane('gray');
});

afterEach(async () => {
  statuses.stop();
  client.close();
  await server.stop();
});

function putLane(name: string, status: unknown = undefined): void {
  const object = { metadata: { name, namespace: 'shop' }, spec: { group: 'demo' }, status };
  server.put({ resource: LANES }, object);
}

function ready(status: 'True' | 'False', message = ''): { readonly conditions: readonly Condition[] } {
  return { conditions: [{ type: 'Ready', status, reason: 'R', message }] };
}

function statusOf(name = 'gray'): Readonly<Record<string, unknown>> | undefined {
  const object = server.objects.get(COLLECTION, `shop/${name}`);
  return object?.['status'] as Readonly<Record<string, unknown>> | undefined;
}

const patches = (): readonly unknown[] =>
  server.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body);
const isWritten = (fields: object): boolean => JSON.stringify(statusOf() ?? {}).includes(part(fields));
const part = (fields: object): string => JSON.stringify(fields).slice(1, -1);

it('writes the status that is wanted to the object’s status, once', async () => {
  statuses.want(GRAY, { ...ready('True'), endpoints: { a: 2 } }, undefined);
  await eventually('it is written', () => isWritten({ endpoints: { a: 2 } }));
  statuses.want(GRAY, { ...ready('True'), endpoints: { a: 2 } }, undefined);
  statuses.want(GRAY, { ...ready('True'), endpoints: { a: 2 } }, statusOf());
  statuses.want(GRAY, { ...ready('True'), endpoints: { a: 3 } }, statusOf());
  await eventually('news is written', () => isWritten({ endpoints: { a: 3 } }));
  expect(patches()).toHaveLength(2);
  expect(server.requests.every(({ path }) => path === PATH)).toBe(true);
  expect(patches()[1]).toMatchObject({ status: { endpoints: { a: 3 } } });
  expect(Object.keys((patches()[1] as { status: object }).status)).toEqual(['endpoints']);
});

it('asks nothing of the server where the object has the status already', async () => {
  putLane('blue', { conditions: [{ ...ready('True').conditions[0], lastTransitionTime: 'then' }] });
  statuses.want({ ...GRAY, name: 'blue' }, ready('True'), statusOf('blue'));
  statuses.want(GRAY, ready('True'), undefined);
  await eventually('the other one is written', () => statusOf() !== undefined);
  expect(server.requests.map(({ path }) => path)).toEqual([PATH, PATH]);
});

it('keeps conditions that another controller has written meanwhile', async () => {
  const theirs = {
    type: 'x.io/Synced',
    status: 'True',
    reason: 'X',
    message: '',
    lastTransitionTime: 'then',
  };
  putLane('gray', { conditions: [theirs] });
  statuses.want(GRAY, ready('True'), undefined);
  await eventually('it is written', () => isWritten({ type: 'Ready' }));
  expect(statusOf()?.['conditions']).toMatchObject([theirs, { type: 'Ready', status: 'True' }]);
});

it('reads anew and writes again when somebody else was quicker', async () => {
  const theirs = {
    type: 'x.io/Synced',
    status: 'True',
    reason: 'X',
    message: '',
    lastTransitionTime: 'then',
  };
  let isFirst = true;
  server.fault = ({ method }) => {
    if (method === 'PATCH' && isFirst) {
      isFirst = false;
      putLane('gray', { conditions: [theirs] });
    }
    return undefined;
  };
  statuses.want(GRAY, ready('True'), undefined);
  await eventually('it is written', () => isWritten({ type: 'Ready' }));
  expect(statusOf()?.['conditions']).toMatchObject([theirs, { type: 'Ready' }]);
  expect(patches()).toHaveLength(2);
});

it('keeps quiet while another replica leads, and writes all that is wanted when it leads itself', async () => {
  lead(false);
  putLane('blue');
  statuses.want(GRAY, ready('True'), undefined);
  statuses.want({ ...GRAY, name: 'blue' }, ready('False'), undefined);
  putLane('green');
  expect(server.requests).toEqual([]);
  lead(true);
  await eventually('both are written', () => statusOf() !== undefined && statusOf('blue') !== undefined);
});

it('a replica that does not lead any more writes nothing more', async () => {
  server.fault = ({ method }) => (method === 'GET' ? { kind: 'status', status: 503 } : undefined);
  statuses.want(GRAY, ready('True'), undefined);
  await eventually('it has been tried', () => server.requests.length > 0);
  lead(false);
  server.fault = () => undefined;
  const asked = server.requests.length;
  statuses.want(GRAY, ready('False'), undefined);
  lead(true);
  await eventually('the newest is written', () => isWritten({ status: 'False' }));
  expect([asked, patches().length]).toEqual([1, 1]);
});

it('tries again after a failure, ever more seldom, and says so once', async () => {
  let failures = 0;
  server.fault = () => ((failures += 1) <= 2 ? { kind: 'status', status: 500 } : undefined);
  statuses.want(GRAY, ready('True'), undefined);
  await eventually('it is written', () => isWritten({ type: 'Ready' }));
  expect(lines.map(({ level, event }) => `${level} ${event}`)).toEqual([
    'debug object_status_not_written',
    'warn object_status_not_written',
  ]);
  expect(server.requests.length).toBe(4);
});

it('does not write again what the server has filled in', async () => {
  const filled = {
    conditions: ready('True').conditions,
    addresses: [{ type: 'IPAddress', value: '10.0.0.1' }],
  };
  server.fault = ({ method }) => {
    if (method !== 'PATCH') return undefined;
    putLane('gray', filled);
    return { kind: 'raw', body: JSON.stringify(server.objects.get(COLLECTION, 'shop/gray')) };
  };
  const wanted = { ...ready('True'), addresses: [{ value: '10.0.0.1' }] };
  statuses.want(GRAY, wanted, undefined);
  await eventually('it is written', () => patches().length === 1);
  statuses.want(GRAY, wanted, filled);
  server.fault = () => undefined;
  putLane('blue');
  statuses.want({ ...GRAY, name: 'blue' }, ready('True'), undefined);
  await eventually('another one is written', () => statusOf('blue') !== undefined);
  expect(patches()).toHaveLength(2);
});

it('forgets an object that is gone', async () => {
  lead(false);
  statuses.want(GRAY, ready('True'), undefined);
  statuses.forget(GRAY);
  putLane('blue');
  statuses.want({ ...GRAY, name: 'blue' }, ready('True'), undefined);
  lead(true);
  await eventually('the other one is written', () => statusOf('blue') !== undefined);
  expect(statusOf()).toBeUndefined();
});

it('an object that is not there is nobody’s harm', async () => {
  statuses.want({ ...GRAY, name: 'gone' }, ready('True'), undefined);
  statuses.want(GRAY, ready('True'), undefined);
  await eventually('the other one is written', () => statusOf() !== undefined);
  expect(lines).toEqual([]);
});

it('writes the latest of many wishes, few times', async () => {
  for (let a = 0; a <= 500; a++) statuses.want(GRAY, { ...ready('True'), endpoints: { a } }, undefined);
  await eventually('the last one is written', () => isWritten({ endpoints: { a: 500 } }));
  expect(patches().length).toBeLessThanOrEqual(2);
});

it('writes many objects, a few at a time', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `lane-${index}`);
  let [under, most] = [0, 0];
  server.fault = ({ method }) => {
    under += method === 'GET' ? 1 : -1;
    most = Math.max(most, under);
    return undefined;
  };
  for (const name of names) putLane(name);
  for (const name of names) statuses.want({ ...GRAY, name }, ready('True'), undefined);
  await eventually('all are written', () => names.every((name) => statusOf(name) !== undefined));
  expect(most).toBeLessThanOrEqual(4);
});
