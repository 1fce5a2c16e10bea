import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { EventNote } from '@lanekeeper/kubernetes/event-note';
import { PODS } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ENABLED, podOf, type PodParts } from '../testing/admission.ts';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { createReconciler, type Reconciler } from './reconciler.ts';

let server: ApiServer;
let client: ApiClient;
let metrics: Metrics;
let notes: EventNote[];
let reconciler: Reconciler;
const log = createRecordingLog();
const namespaces = new Map([
  ['shop', ENABLED],
  ['other', { labels: {}, annotations: {} }],
]);

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  metrics = new Metrics();
  notes = [];
  reconciler = createReconciler({
    client,
    facts: { namespaces, nativeSidecars: () => true },
    events: { record: (note) => void notes.push(note) },
    metrics,
    log,
    namespace: 'lanekeeper-system',
    everyMs: 10,
  });
});

afterEach(async () => {
  client.close();
  await server.stop();
});

interface Placed extends PodParts {
  readonly namespace?: string;
  readonly status?: object;
}

function put(name: string, { namespace = 'shop', status, metadata, ...parts }: Placed = {}): void {
  const pod = podOf({ ...parts, metadata: { ...metadata, name, namespace } });
  server.put({ resource: PODS }, { ...pod, status } as never);
}

const gauge = (namespace: string): string | undefined =>
  new RegExp(`lanekeeper_uninjected_pods\\{namespace="${namespace}"\\} ([0-9]+)`).exec(metrics.expose())?.[1];

const ofDeployment: Placed = {
  labels: { 'pod-template-hash': '5d9c7b9f4' },
  metadata: {
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'b-new-5d9c7b9f4', uid: 'rs', controller: true },
    ],
  },
};

describe('pods without the sidecar that they should have', () => {
  it('are counted, and each is told of once, with what to do', async () => {
    put('b-new-5d9c7b9f4-x', ofDeployment);
    put('bare');
    await reconciler.round();
    await reconciler.round();
    expect(gauge('shop')).toBe('2');
    expect(notes).toHaveLength(2);
    expect(notes.find(({ regarding }) => regarding.name === 'b-new-5d9c7b9f4-x')).toMatchObject({
      type: 'Warning',
      reason: 'NotInjected',
      regarding: { resource: PODS, namespace: 'shop', uid: expect.stringMatching(/^uid-/) },
      note: expect.stringContaining('kubectl rollout restart deployment/b-new -n shop'),
    });
    expect(log.events).toContainEqual({
      event: 'pod_not_injected',
      fields: expect.objectContaining({ pod: 'bare', advice: expect.stringContaining('delete pod/bare') }),
    });
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('are counted no more when they are gone', async () => {
    put('bare');
    await reconciler.round();
    server.remove({ resource: PODS }, 'bare', 'shop');
    await reconciler.round();
    expect(gauge('shop')).toBe('0');
  });

  it.each<readonly [string, Placed]>([
    ['with its sidecar', { spec: { initContainers: [{ name: 'lanekeeper-sidecar' }] } }],
    ['that said no', { annotations: { 'lanekeeper.io/inject': 'false' } }],
    ['that could not have one', { spec: { hostNetwork: true } }],
    ['of another namespace', { namespace: 'other' }],
    ['of a namespace that nobody knows any more', { namespace: 'gone' }],
    ['that has ended', { status: { phase: 'Succeeded' } }],
    ['that is ending', { metadata: { deletionTimestamp: '2026-11-21T00:00:00Z' } }],
    ['that is no pod as we know it', { spec: { containers: 'none' } }],
  ])('are not: a pod %s', async (_, placed) => {
    put('p', placed);
    await reconciler.round();
    expect(notes).toEqual([]);
    expect(metrics.expose()).not.toMatch(/lanekeeper_uninjected_pods\{[^}]*\} [1-9]/);
  });

  it('are found in any namespace when they ask by themselves', async () => {
    put('p', { namespace: 'other', labels: { 'lanekeeper.io/inject': 'true' } });
    await reconciler.round();
    expect(gauge('other')).toBe('1');
  });

  it('are found page by page', async () => {
    for (let index = 0; index < 250; index++) put(`p-${index}`);
    await reconciler.round();
    expect(gauge('shop')).toBe('250');
    expect(notes).toHaveLength(250);
  });

  it('are no business of a replica that has lost the Lease', async () => {
    put('bare');
    const term = new AbortController();
    const run = reconciler.run(term.signal);
    await vi.waitFor(() => expect(gauge('shop')).toBe('1'));
    term.abort();
    await run;
    reconciler.forget();
    expect(gauge('shop')).toBe('0');
  });

  it('are looked for again after the API server failed', async () => {
    put('bare');
    server.fault = () => ({ kind: 'status', status: 500 });
    const term = new AbortController();
    const run = reconciler.run(term.signal);
    await vi.waitFor(() => expect(log.events.at(-1)?.event).toBe('reconcile_failed'));
    server.fault = () => undefined;
    await vi.waitFor(() => expect(gauge('shop')).toBe('1'));
    term.abort();
    await run;
  });
});
