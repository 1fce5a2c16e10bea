import { describe, expect, it } from 'vitest';
import { hopsOf } from './harness/admin.ts';
import { namesIn } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { useSpace } from './harness/space.ts';

describe('a caller without a sidecar that calls a Service of base and gray pods', () => {
  const space = useSpace('uninjected');
  let client: Client;

  space.setUp(async () => {
    const labels = { app: 'shop' };
    await space.apply(
      service('shop', { http: 8080 }),
      deployment('shop', chainApp('base', { labels, replicas: 2 })),
      deployment(
        'shop-gray',
        chainApp('gray', { labels: { ...labels, 'lanekeeper.io/lane': 'gray' }, replicas: 2 }),
      ),
    );
    client = await startClient(space, 'client', { injected: false });
    await space.rolledOut('shop', 'shop-gray');
    // It is refused until kube-proxy knows of the pods.
    await eventually(async () => expect((await client.ask({ url: 'http://shop:8080/' })).status).toBe(200));
  });

  it.each([true, false])(
    'never leaks one of 500 baseline requests into gray (connections kept: %s)',
    async (keepAlive) => {
      const load = { url: 'http://shop:8080/', total: 500, concurrency: 8, keepAlive };
      const { ok, errors, answers } = await client.askMany(load);
      expect({ ok, errors, names: namesIn(answers) }).toEqual({ ok: 500, errors: {}, names: ['base'] });
    },
  );

  it('had many of them at gray pods, which sent them on', async () => {
    const pods = await space.pods('workload=shop-gray');
    for (const { metadata } of pods) {
      const hops = await hopsOf(space, metadata.name, 'service=shop&limit=1000');
      const sentOn = hops.filter(
        ({ direction, endpoint }) => direction === 'inbound' && endpoint?.lane === 'base',
      );
      expect(sentOn.length, metadata.name).toBeGreaterThan(50);
      expect(hops.filter(({ endpoint }) => endpoint?.lane === 'gray')).toEqual([]);
    }
  });

  it('reaches gray where it says so', async () => {
    const load = { url: 'http://shop:8080/', total: 200, concurrency: 8, keepAlive: false };
    const { ok, errors, answers } = await client.askMany({ ...load, headers: { baggage: 'lane=gray' } });
    expect({ ok, errors, names: namesIn(answers) }).toEqual({ ok: 200, errors: {}, names: ['gray'] });
  });
});
