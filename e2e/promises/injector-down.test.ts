import { afterAll, describe, expect, it } from 'vitest';
import { endpointsOf } from './harness/admin.ts';
import { namesIn } from './harness/chain.ts';
import { INJECTOR, scaleSystem } from './harness/chart.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { sidecarOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

interface Event {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly name: string };
}

const GRAY = { url: 'http://b:8080/', headers: { baggage: 'lane=gray' }, concurrency: 2, keepAlive: false };

describe('while no injector runs', () => {
  const space = useSpace('no-injector');
  let client: Client;

  space.setUp(async () => {
    await space.apply(service('b', { http: 8080 }), deployment('b', chainApp('B', { labels: { app: 'b' } })));
    client = await startClient(space, 'client', { injected: true });
    await space.rolledOut('b');
    await scaleSystem(INJECTOR, 0);
  });

  afterAll(() => scaleSystem(INJECTOR, 1));

  it('pods are admitted, without a sidecar', async () => {
    const labels = { app: 'b', 'lanekeeper.io/lane': 'gray' };
    await space.apply(deployment('b-gray', chainApp('Bgray', { labels })));
    await space.rolledOut('b-gray');
    const [pod] = await space.pods('workload=b-gray');
    expect(pod && sidecarOf(pod)).toBeUndefined();
  });

  it('lane traffic is kept off them, for the lane would be lost there', async () => {
    const { ok, errors, answers } = await client.askMany({ ...GRAY, total: 200 });
    expect({ ok, errors, names: namesIn(answers) }).toEqual({ ok: 200, errors: {}, names: ['B'] });
    const endpoints = await endpointsOf(space, client.pod, 'b');
    expect(endpoints).toContainEqual(expect.objectContaining({ lane: 'gray', unused: 'not-injected' }));
  });

  it('they are reported when it runs again, and served once they are made anew', async () => {
    await scaleSystem(INJECTOR, 1);
    const [pod] = await space.pods('workload=b-gray');
    await eventually(async () => {
      const events = await space.items<Event>('events');
      const told = events.filter(({ involvedObject }) => involvedObject.name === pod?.metadata.name);
      expect(told.map(({ message }) => message).join('\n')).toMatch(/sidecar/);
    }, 120);
    await space.kubectl('rollout', 'restart', 'deployment/b-gray');
    await space.rolledOut('b-gray');
    await eventually(async () => {
      const { errors, answers } = await client.askMany({ ...GRAY, total: 50 });
      expect({ errors, names: namesIn(answers) }).toEqual({ errors: {}, names: ['Bgray'] });
    });
  });
});
