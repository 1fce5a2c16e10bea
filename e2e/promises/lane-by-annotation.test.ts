import { describe, expect, it } from 'vitest';
import { addressesIn } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { untilKnown } from './harness/known.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { laneOf } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

const REQUESTS = { url: 'http://shop:8080/', total: 60, concurrency: 2, keepAlive: false };
const GRAY = { headers: { baggage: 'lane=gray' } };

describe('the annotation lanekeeper.io/lane on a Deployment', () => {
  const space = useSpace('annotation');
  let client: Client;

  space.setUp(async () => {
    const labels = { app: 'shop' };
    await space.apply(
      service('shop', { http: 8080 }),
      deployment('shop', chainApp('old', { labels })),
      deployment('shop-next', chainApp('next', { labels })),
    );
    client = await startClient(space, 'client', { injected: true });
    await space.rolledOut('shop', 'shop-next');
    await untilKnown(space, client, REQUESTS.url, 2);
  });

  /** Names of the Deployments that answer. */
  async function answering(headers: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const { ok, errors, answers } = await client.askMany({ ...REQUESTS, headers });
    expect({ ok, errors }).toEqual({ ok: REQUESTS.total, errors: {} });
    expect(addressesIn(answers).size).toBeGreaterThan(0);
    return [...new Set(Object.keys(answers).map((text) => text.replace(/\[.*/, '')))].sort();
  }

  const lanes = async (): Promise<readonly string[]> => (await space.pods('workload=shop-next')).map(laneOf);

  it('is not there: both versions serve the baseline', async () => {
    expect(await answering()).toEqual(['next', 'old']);
    expect(await lanes()).toEqual(['base']);
  });

  it('rolls the Deployment into the lane', async () => {
    await space.kubectl('annotate', 'deployment/shop-next', 'lanekeeper.io/lane=gray');
    await space.rolledOut('shop-next');
    await eventually(async () => {
      expect(await lanes()).toEqual(['gray']);
      expect(await answering()).toEqual(['old']);
      expect(await answering(GRAY.headers)).toEqual(['next']);
    });
  });

  it('takes it out again when it is removed', async () => {
    await space.kubectl('annotate', 'deployment/shop-next', 'lanekeeper.io/lane-');
    await space.rolledOut('shop-next');
    await eventually(async () => {
      expect(await lanes()).toEqual(['base']);
      expect(await answering()).toEqual(['next', 'old']);
    });
  });

  it('is refused with key, value and what was expected when it names no lane', async () => {
    const refusal = space.kubectl('annotate', 'deployment/shop-next', 'lanekeeper.io/lane=Gray_1');
    await expect(refusal).rejects.toThrow(/lanekeeper\.io\/lane.*Gray_1.*expected/s);
  });
});
