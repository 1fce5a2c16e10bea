import { describe, expect, it } from 'vitest';
import { addressesIn, namesIn } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { apiServerRestart } from './harness/own-cluster.ts';
import { untilKnown } from './harness/known.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { useSpace } from './harness/space.ts';

const GRAY = { url: 'http://b:8080/', headers: { baggage: 'lane=gray' } };

describe('a restart of the API server', () => {
  const space = useSpace('api-server');
  let client: Client;

  space.setUp(async () => {
    const labels = { app: 'b' };
    await space.apply(
      service('b', { http: 8080 }),
      deployment('b', chainApp('B', { labels })),
      deployment('b-gray', chainApp('Bgray', { labels: { ...labels, 'lanekeeper.io/lane': 'gray' } })),
    );
    client = await startClient(space, 'client', { injected: true });
    await space.rolledOut('b', 'b-gray');
    await untilKnown(space, client, GRAY.url, 2);
  });

  it('is no error in the traffic, and what changes afterwards is known', async ({ skip }) => {
    const restart = apiServerRestart();
    if (restart === undefined)
      skip('cannot be tried: this cluster was not made by `npm run e2e -- --cluster build`');
    await client.start({ ...GRAY, name: 'throughout', concurrency: 2, keepAlive: false });
    await client.reached('throughout', 100);
    await restart?.();
    await space.kubectl('scale', 'deployment/b-gray', '--replicas=3');
    await space.rolledOut('b-gray');
    const addresses = (await space.pods('workload=b-gray')).map(({ status }) => status.podIP);
    await eventually(async () => {
      const { answers } = await client.report('throughout');
      for (const address of addresses) expect([...addressesIn(answers)]).toContain(address);
    });
    const { errors, answers } = await client.stop('throughout');
    expect({ errors, names: namesIn(answers) }).toEqual({ errors: {}, names: ['Bgray'] });
  });
});
