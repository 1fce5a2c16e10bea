import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { createKubernetesMetrics } from '@lanekeeper/kubernetes/kubernetes-metrics';
import { NAMESPACES } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { createKubernetesFacts, hasNativeSidecars, type KubernetesFacts } from './kubernetes-facts.ts';

const NAMESPACE = { resource: NAMESPACES };
const LIMIT_RANGES = { resource: { group: '', version: 'v1', plural: 'limitranges', kind: 'LimitRange' } };

let server: ApiServer;
let client: ApiClient;
let facts: KubernetesFacts;

function factsOf(nativeSidecars: 'auto' | 'true' | 'false'): KubernetesFacts {
  const metrics = createKubernetesMetrics(new Metrics());
  return createKubernetesFacts({
    client,
    log: createRecordingLog(),
    metrics,
    nativeSidecars,
    versionEveryMs: 10,
  });
}

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = openClient(server.url);
  server.put(NAMESPACE, { metadata: { name: 'shop', labels: { 'lanekeeper.io/injection': 'enabled' } } });
  facts = factsOf('auto');
});

afterEach(async () => {
  facts.stop();
  client.close();
  await server.stop();
});

const namedGets = (): number =>
  server.requests.filter(({ path }) => path.startsWith('/api/v1/namespaces/')).length;

describe('what the API server knows', () => {
  it('is followed, so that an admission asks nothing', async () => {
    await facts.start();
    expect(await facts.namespace('shop')).toEqual({
      labels: { 'lanekeeper.io/injection': 'enabled' },
      annotations: {},
    });
    server.put(NAMESPACE, { metadata: { name: 'shop', annotations: { 'lanekeeper.io/capture': 'none' } } });
    await vi.waitFor(async () =>
      expect(await facts.namespace('shop')).toEqual({
        labels: {},
        annotations: { 'lanekeeper.io/capture': 'none' },
      }),
    );
    expect(namedGets()).toBe(0);
  });

  it('is asked for a namespace that was made a moment ago, once for all of its pods', async () => {
    server.loses = () => true;
    await facts.start();
    server.put(NAMESPACE, { metadata: { name: 'new', labels: { 'lanekeeper.io/injection': 'enabled' } } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => facts.namespace('new')));
    expect(new Set(answers.map((one) => one?.labels['lanekeeper.io/injection']))).toEqual(
      new Set(['enabled']),
    );
    expect(namedGets()).toBe(1);
    expect(await facts.namespace('nowhere')).toBeUndefined();
  });

  it('fails the question where it does not answer', async () => {
    await facts.start();
    server.fault = () => ({ kind: 'status', status: 500 });
    await expect(facts.namespace('new')).rejects.toThrow('500');
  });

  it('includes what LimitRanges ask of containers', async () => {
    const spec = { limits: [{ type: 'Container', min: { cpu: '100m' } }] };
    server.put(LIMIT_RANGES, { metadata: { name: 'l', namespace: 'shop' }, spec });
    await facts.start();
    await vi.waitFor(() =>
      expect(facts.containerLimits('shop')).toEqual([expect.objectContaining({ min: { cpu: '100m' } })]),
    );
    expect(facts.containerLimits('other')).toEqual([]);
  });

  it('is waited for while the API server is not there', async () => {
    server.fault = () => ({ kind: 'reset' });
    const started = facts.start();
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(2));
    server.fault = () => undefined;
    await started;
    expect(facts.nativeSidecars()).toBe(true);
  });
});

describe('native sidecars', () => {
  it.each([
    [{ major: 1, minor: 28 }, false],
    [{ major: 1, minor: 29 }, true],
    [{ major: 2, minor: 0 }, true],
  ])('are there as the version says: %j', (version, expected) => {
    expect(hasNativeSidecars(version)).toBe(expected);
  });

  it('are noticed when the cluster is upgraded under us', async () => {
    const old = JSON.stringify({ major: '1', minor: '28+', gitVersion: 'v1.28.9' });
    server.fault = ({ path }) => (path === '/version' ? { kind: 'raw', body: old } : undefined);
    await facts.start();
    expect(facts.nativeSidecars()).toBe(false);
    server.fault = () => undefined;
    await vi.waitFor(() => expect(facts.nativeSidecars()).toBe(true));
  });

  it('are what is stated, whatever the version', async () => {
    const stated = factsOf('false');
    await stated.start();
    expect(stated.nativeSidecars()).toBe(false);
    stated.stop();
  });
});
