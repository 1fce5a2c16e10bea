import { describe, expect, it } from 'vitest';
import { namesIn } from './harness/chain.ts';
import { installChart, SYSTEM } from './harness/chart.ts';
import { startClient, type Client } from './harness/client.ts';
import { getItems } from './harness/kubectl.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { isReady, sidecarOf, type Pod } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

const LOADS = {
  base: { url: 'http://b:8080/', keepAlive: false },
  gray: { url: 'http://b:8080/', keepAlive: true, headers: { baggage: 'lane=gray' } },
};

describe('an upgrade of the chart under load', () => {
  const space = useSpace('upgrade');
  let client: Client;

  space.setUp(async () => {
    const labels = { app: 'b' };
    await space.apply(
      service('b', { http: 8080 }),
      deployment('b', chainApp('B', { labels })),
      deployment(
        'b-gray',
        chainApp('Bgray', { labels: { ...labels, 'lanekeeper.io/lane': 'gray' }, replicas: 2 }),
      ),
    );
    client = await startClient(space, 'client', { injected: true });
    await space.rolledOut('b', 'b-gray');
  });

  /** Without those that are ending. */
  const systemPods = async (): Promise<readonly string[]> =>
    (await getItems<Pod>(['--namespace', SYSTEM, 'pods']))
      .filter(isReady)
      .map(({ metadata }) => metadata.name);

  it('loses no request, and no pod that comes meanwhile goes without a sidecar', async () => {
    const before = await systemPods();
    for (const [name, order] of Object.entries(LOADS)) await client.start({ ...order, name, concurrency: 2 });
    for (const name of Object.keys(LOADS)) await client.reached(name, 100);
    const upgraded = installChart(`--set-string=pods.annotations.upgraded=${Date.now()}`);
    let isOver = false;
    const over = upgraded.finally(() => (isOver = true));
    const rolls = async (): Promise<void> => {
      while (!isOver) {
        await space.kubectl('rollout', 'restart', 'deployment/b-gray');
        await space.rolledOut('b-gray');
        for (const pod of await space.pods('workload=b-gray')) expect(sidecarOf(pod)).toBeDefined();
      }
    };
    await Promise.all([over, rolls()]);
    expect((await systemPods()).filter((pod) => before.includes(pod))).toEqual([]);
    const [base, gray] = await Promise.all([client.stop('base'), client.stop('gray')]);
    expect({ errors: base.errors, names: namesIn(base.answers) }).toEqual({ errors: {}, names: ['B'] });
    expect({ errors: gray.errors, names: namesIn(gray.answers) }).toEqual({ errors: {}, names: ['Bgray'] });
  });
});
