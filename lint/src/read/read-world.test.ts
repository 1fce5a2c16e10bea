import { describe, expect, it } from 'vitest';
import type { LintWorkload } from '../world.ts';
import { readWorld } from './read-world.ts';

function pod(
  name: string,
  metadata: object,
  spec: object = { containers: [{ name: 'app', image: 'a:1' }] },
): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', ...metadata }, spec };
}

const NAMESPACE = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', labels: { 'lanekeeper.io/injection': 'enabled' } },
};

function workloadsIn(...documents: readonly object[]): readonly LintWorkload[] {
  return readWorld(documents, { extent: 'part' }).world.workloads;
}

describe('whether a workload is injected', () => {
  it('is what would be done with a manifest, and not known where its namespace is not', () => {
    const manifest = pod('a', { labels: { app: 'a' } });
    expect(workloadsIn(manifest)[0]).not.toHaveProperty('injection');
    expect(workloadsIn(NAMESPACE, manifest)).toMatchObject([{ injection: { isInjected: true } }]);
    const leaves = pod('b', { annotations: { 'lanekeeper.io/inject': 'false' } });
    expect(workloadsIn(NAMESPACE, leaves)).toMatchObject([{ injection: { isInjected: false } }]);
  });

  it('is what was done with a pod that runs', () => {
    const status = (text: string): object => ({ uid: 'u', annotations: { 'lanekeeper.io/status': text } });
    const injected = pod('a', status('{"result":"injected","lane":"base"}'));
    const skipped = pod('b', status('{"result":"skipped","reason":"host-network"}'));
    const missed = pod('c', { uid: 'u' });
    const foreign = pod('d', status('{'));
    expect(
      workloadsIn(NAMESPACE, injected, skipped, missed, foreign).map(({ injection }) => injection),
    ).toEqual([
      { isInjected: true, reason: 'injected' },
      { isInjected: false, reason: 'host-network' },
      { isInjected: false, reason: 'it came while no injector answered' },
      { isInjected: false, reason: 'its annotation lanekeeper.io/status says nothing of it' },
    ]);
  });
});

describe('a cluster as kubectl prints it', () => {
  it('may be a List, and what runs stands for what has made it', () => {
    const owner = (kind: string, name: string): object => ({ ownerReferences: [{ kind, name }] });
    const template = { metadata: { labels: { app: 'a' } }, spec: {} };
    const items = [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'a', namespace: 'shop' },
        spec: { template },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'a-1', namespace: 'shop', ...owner('Deployment', 'a') },
        spec: { template },
      },
      pod('a-1-x', owner('ReplicaSet', 'a-1')),
      pod('alone', owner('Node', 'n')),
    ];
    const names = workloadsIn({ apiVersion: 'v1', kind: 'List', items }).map(({ object }) => object);
    expect(names).toEqual(['Pod shop/a-1-x', 'Pod shop/alone']);
  });

  it('says the lane by annotation, label or variable, other meshes, Jobs and ports', () => {
    const env = [{ name: 'traffic.opensergo.io/label', value: 'gray' }];
    const containers = [
      { name: 'app', image: 'a', env },
      { name: 'x', image: 'docker.io/istio/proxyv2:1' },
    ];
    const template = {
      metadata: { labels: { app: 'a', 'lanekeeper.io/lane': 'blue' } },
      spec: { containers },
    };
    const metadata = { name: 'a', namespace: 'shop', annotations: { 'lanekeeper.io/lane': 'green' } };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 0, template },
    };
    const job = pod('j', { ownerReferences: [{ kind: 'Job', name: 'j' }] });
    expect(workloadsIn(deployment, job)).toMatchObject([
      {
        labels: { 'lanekeeper.io/lane': 'green' },
        laneFromEnv: 'gray',
        otherMesh: 'x',
        replicas: 0,
        isJob: false,
      },
      { object: 'Pod shop/j', isJob: true },
    ]);
    const ports = [{ port: 80, targetPort: 'http' }, { port: 81, targetPort: 8081 }, { name: 'none' }];
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports } };
    expect(readWorld([service], { extent: 'all' }).world.services).toEqual([
      {
        name: 'a',
        namespace: 'default',
        annotations: {},
        ports: [{ port: 80 }, { port: 81, targetPort: 8081 }],
      },
    ]);
  });

  it.each([
    [null],
    ['x'],
    [[]],
    [{ kind: 'Deployment' }],
    [{ kind: 'List', items: 'x' }],
    [{ kind: 'Lane', apiVersion: 'lanekeeper.io/v1alpha1' }],
  ])('may hold rubbish: %j', (rubbish) => {
    expect(() => readWorld([rubbish, NAMESPACE], { extent: 'part' })).not.toThrow();
  });

  it('tells what is wrong with objects of ours, each by its name', () => {
    const lane = {
      apiVersion: 'lanekeeper.io/v1alpha1',
      kind: 'Lane',
      metadata: { name: 'gray', namespace: 'shop' },
      spec: { group: 'g', priority: 'x' },
    };
    expect(readWorld([lane], { extent: 'part' })).toMatchObject({
      world: { objects: [] },
      findings: [{ code: 'LK0100', object: 'Lane shop/gray', path: 'spec.priority' }],
    });
  });
});
