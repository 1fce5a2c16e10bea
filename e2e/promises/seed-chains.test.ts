import { describe, expect, it } from 'vitest';
import type { Client } from './harness/client.ts';
import { startClient } from './harness/client.ts';
import { addressesIn, namesIn } from './harness/chain.ts';
import { startEdge } from './harness/edge.ts';
import { getItems } from './harness/kubectl.ts';
import { laneOf, sidecarOf } from './harness/pod.ts';
import { SEED_DEPLOYMENTS, seedManifests, seedServices } from './harness/seed.ts';
import { useSpace } from './harness/space.ts';

interface Node {
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

const BASE = { url: 'http://edge:8080/a', headers: { host: 'www.aliyundoc.com' } };
const GRAY = { url: 'http://edge:8080/a', headers: { host: 'www.example.com' } };

describe('seed 001: each request stays in its lane, with no change to any application', () => {
  const space = useSpace('seed-chains');
  let client: Client;

  space.setUp(async () => {
    await space.apply(...seedManifests(), ...seedServices());
    await startEdge(space, {
      'www.aliyundoc.com': 'spring-cloud-a-base:20001',
      'www.example.com': 'spring-cloud-a-gray:20001',
    });
    client = await startClient(space, 'client', { injected: false });
    await space.rolledOut(...SEED_DEPLOYMENTS);
  });

  it('gives every pod of the seed a sidecar, and none to the edge', async () => {
    const pods = await space.pods('msePilotCreateAppName');
    expect(pods.map(laneOf).sort()).toEqual([
      ...Array<string>(6).fill('base'),
      ...Array<string>(6).fill('gray'),
    ]);
    for (const pod of pods) expect(sidecarOf(pod), pod.metadata.name).toBeDefined();
    for (const pod of await space.pods('app=edge')) expect(sidecarOf(pod)).toBeUndefined();
  });

  it('answers www.aliyundoc.com by the base of A, B and C', async () => {
    const { status, text } = await client.ask(BASE);
    expect({ status, text }).toEqual({
      status: 200,
      text: expect.stringMatching(/^A\[[\d.]+\] -> B\[[\d.]+\] -> C\[[\d.]+\]$/) as string,
    });
  });

  it('answers www.example.com by the gray of A, B and C', async () => {
    const { status, text } = await client.ask(GRAY);
    expect({ status, text }).toEqual({
      status: 200,
      text: expect.stringMatching(/^Agray\[[\d.]+\] -> Bgray\[[\d.]+\] -> Cgray\[[\d.]+\]$/) as string,
    });
  });

  it.each([
    { port: 32605, lane: 'base', answer: /^A\[.*B\[.*C\[/ },
    { port: 31622, lane: 'gray', answer: /^Agray\[.*Bgray\[.*Cgray\[/ },
  ])('answers at node port $port, as load balancers outside call it, by $lane', async ({ port, answer }) => {
    const [node] = await getItems<Node>(['nodes']);
    const address = node?.status.addresses.find(({ type }) => type === 'InternalIP')?.address;
    const { status, text } = await client.ask({ url: `http://${address}:${port}/a` });
    expect({ status, text }).toEqual({ status: 200, text: expect.stringMatching(answer) as string });
  });

  it.each([true, false])(
    'keeps 500 requests of each apart that come at once (connections kept: %s), over every pod',
    async (keepAlive) => {
      const load = { total: 500, concurrency: 4, keepAlive };
      const [base, gray] = await Promise.all([
        client.askMany({ ...BASE, ...load }),
        client.askMany({ ...GRAY, ...load }),
      ]);
      expect(base).toMatchObject({ ok: 500, errors: {} });
      expect(gray).toMatchObject({ ok: 500, errors: {} });
      expect(namesIn(base.answers)).toEqual(['A -> B -> C']);
      expect(namesIn(gray.answers)).toEqual(['Agray -> Bgray -> Cgray']);
      for (const name of ['B', 'C']) {
        expect(addressesIn(base.answers, name).size, `pods of ${name}`).toBe(2);
        expect(addressesIn(gray.answers, `${name}gray`).size, `pods of ${name}gray`).toBe(2);
      }
    },
  );
});
