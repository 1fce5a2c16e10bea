import { describe, expect, it } from 'vitest';
import type { Hop } from '@lanekeeper/protocol/hop';
import { PORTS } from '@lanekeeper/protocol/ports';
import { portForward } from './harness/admin.ts';
import { startClient, type Client } from './harness/client.ts';
import { untilKnown } from './harness/known.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { useSpace } from './harness/space.ts';

describe('kubectl port-forward to 15000', () => {
  const space = useSpace('port-forward');
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
    await untilKnown(space, client, 'http://b:8080/', 2);
    await client.ask({ url: 'http://b:8080/orders/17', headers: { baggage: 'lane=gray' } });
  });

  it('shows the hops of a pod: lane, evidence, endpoint and why', async () => {
    const [gray] = await space.pods('workload=b-gray');
    const forward = await portForward(space, client.pod, PORTS.admin);
    try {
      const answer = await fetch(`http://localhost:${forward.port}/hops?lane=gray&limit=5`);
      const { hops } = (await answer.json()) as { hops: readonly Hop[] };
      expect(hops).toEqual([
        expect.objectContaining({
          direction: 'outbound',
          method: 'GET',
          path: '/orders/17',
          lane: 'gray',
          evidence: { rung: 'baggage', detail: 'baggage lane=gray' },
          service: `${space.name}/b`,
          subset: 'gray',
          fallback: null,
          candidates: { base: 1, gray: 1 },
          endpoint: expect.objectContaining({
            pod: gray?.metadata.name,
            lane: 'gray',
            source: 'kubernetes',
          }) as unknown,
          status: 200,
        }),
      ]);
    } finally {
      await forward.close();
    }
  });

  it('shows a page to a browser', async () => {
    const forward = await portForward(space, client.pod, PORTS.admin);
    try {
      const answer = await fetch(`http://localhost:${forward.port}/`, { headers: { accept: 'text/html' } });
      expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    } finally {
      await forward.close();
    }
  });

  it('is the only way: the port is bound to loopback in the pod', async () => {
    const [pod] = await space.pods('workload=b');
    const asked = client.ask({ url: `http://${pod?.status.podIP}:${PORTS.admin}/hops`, timeoutMs: 5_000 });
    await expect(asked).rejects.toThrow(/ECONNREFUSED/);
  });
});
