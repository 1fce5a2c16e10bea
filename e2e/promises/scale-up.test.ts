import { describe, expect, it } from 'vitest';
import { partsOf } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { isReady, type Pod } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';
import { watchReady } from './harness/watch-ready.ts';

const MOST = 6;

describe('kubectl scale', () => {
  const space = useSpace('scale-up');
  let client: Client;

  space.setUp(async () => {
    await space.apply(service('b', { http: 8080 }), deployment('b', chainApp('B')));
    client = await startClient(space, 'client', { injected: true });
    await space.rolledOut('b');
  });

  const readySecond = ({ status }: Pod): number =>
    Date.parse(status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '');

  it('brings traffic to each new pod, and none before it is Ready', async () => {
    const watch = watchReady(space, 'workload=b');
    await client.start({ name: 'steady', url: 'http://b:8080/', concurrency: 2, keepAlive: true });
    await client.reached('steady', 50);
    // One at a time, as an autoscaler under a mild rise: the last of many would wait for the starting of the others.
    for (let replicas = 2; replicas <= MOST; replicas += 1) {
      await space.kubectl('scale', 'deployment/b', `--replicas=${replicas}`);
      await space.rolledOut('b');
    }
    await eventually(async () =>
      expect(Object.keys((await client.report('steady')).answers).length).toBe(MOST),
    );
    const { errors, firstSeen } = await client.stop('steady');
    await watch.close();
    expect(errors).toEqual({});
    const pods = (await space.pods('workload=b')).filter(isReady);
    const firstAt = new Map(Object.entries(firstSeen).map(([text, at]) => [partsOf(text)[0]?.address, at]));
    for (const pod of pods) expect(firstAt.get(pod.status.podIP)).toBeGreaterThanOrEqual(readySecond(pod));
    const later = pods.flatMap(
      ({ status: { podIP = '' } }) => (firstAt.get(podIP) ?? NaN) - (watch.readyAt.get(podIP) ?? NaN),
    );
    const sorted = later.sort((a, b) => a - b).join(', ');
    process.stdout.write(`from Ready to the first request answered, ms: ${sorted}\n`);
  });
});
