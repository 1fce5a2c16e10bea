import { afterAll, describe, expect, it } from 'vitest';
import { PORTS } from '@lanekeeper/protocol/ports';
import { endpointsOf } from './harness/admin.ts';
import { addressesIn, namesIn } from './harness/chain.ts';
import { CONTROL_PLANE, scaleSystem } from './harness/chart.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { untilKnown } from './harness/known.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { isReady } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

const GRAY = { url: 'http://b:8080/', headers: { baggage: 'lane=gray' } };

describe('while no control plane runs', () => {
  const space = useSpace('no-control-plane');
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
    await untilKnown(space, client, GRAY.url, 3);
    await client.start({ ...GRAY, name: 'throughout', concurrency: 2, keepAlive: false });
    await client.reached('throughout', 50);
    await scaleSystem(CONTROL_PLANE, 0);
  });

  afterAll(() => scaleSystem(CONTROL_PLANE, 1));

  it('traffic goes on in its lane', async () => {
    const { ended } = await client.report('throughout');
    const { errors, answers } = await client.reached('throughout', ended + 200);
    expect(errors).toEqual({});
    expect(namesIn(answers)).toEqual(['Bgray']);
  });

  it('an endpoint that dies is ejected and costs no request', async () => {
    const [victim] = await space.pods('workload=b-gray');
    const address = victim?.status.podIP ?? '';
    await space.kubectl('delete', 'pod', victim?.metadata.name ?? '', '--wait=true', '--timeout=120s');
    await eventually(async () => {
      const endpoints = await endpointsOf(space, client.pod, 'b');
      expect(endpoints).toContainEqual(
        expect.objectContaining({ address: `${address}:8080`, ejected: true }),
      );
    });
    const { errors, answers } = await client.report('throughout');
    expect(errors).toEqual({});
    expect([...addressesIn(answers)]).toContain(address);
    expect(namesIn(answers)).toEqual(['Bgray']);
  });

  it('a fresh pod waits, not ready, with the reason', async () => {
    const fresh = await eventually(async () => {
      const found = (await space.pods('workload=b-gray')).find(
        (pod) => !isReady(pod) && pod.status.podIP !== undefined,
      );
      if (found === undefined) throw new Error('the fresh pod has no address yet');
      return found;
    });
    // The kubelet's own question; kubectl forwards no port of a pod that is only starting.
    const url = `http://${fresh.status.podIP}:${PORTS.status}/ready`;
    await eventually(async () => {
      const { status, text } = await client.ask({ url });
      expect({ status, text }).toEqual({
        status: 503,
        text: expect.stringMatching(/^not ready: waiting for the control plane .*15010/) as string,
      });
    });
    expect(fresh.status.containerStatuses?.some(({ ready }) => ready)).toBe(false);
  });

  it('all is as before once it runs again', async () => {
    await scaleSystem(CONTROL_PLANE, 1);
    await space.rolledOut('b', 'b-gray');
    const fresh = (await space.pods('workload=b-gray')).map(({ status }) => status.podIP);
    await eventually(async () => {
      const { answers } = await client.askMany({ ...GRAY, total: 50, concurrency: 2, keepAlive: false });
      expect([...addressesIn(answers)].sort()).toEqual([...fresh].sort());
    });
    expect((await client.stop('throughout')).errors).toEqual({});
  });
});
