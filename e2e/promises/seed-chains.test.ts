import type { Hop } from '@lanekeeper/protocol/hop';
import { afterAll, describe, expect, it } from 'vitest';
import { hopsOf } from './harness/admin.ts';
import { installChart } from './harness/chart.ts';
import type { Client } from './harness/client.ts';
import { startClient } from './harness/client.ts';
import { addressesIn, namesIn } from './harness/chain.ts';
import { startEdge } from './harness/edge.ts';
import { eventually } from './harness/eventually.ts';
import { getItems, type KubeObject } from './harness/kubectl.ts';
import { laneOf, sidecarOf } from './harness/pod.ts';
import { SEED_DEPLOYMENTS, seedManifestsInNacos, seedNacos } from './harness/seed.ts';
import { useSpace } from './harness/space.ts';

interface Node {
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

interface NacosList {
  readonly hosts: readonly { readonly ip: string; readonly metadata: Readonly<Record<string, string>> }[];
}

const BASE = { url: 'http://edge:8080/a', headers: { host: 'www.aliyundoc.com' } };
const GRAY = { url: 'http://edge:8080/a', headers: { host: 'www.example.com' } };

describe('seed 001 with its own Nacos: each request stays in its lane, with no change to any application', () => {
  const space = useSpace('seed-chains');
  let client: Client;

  space.setUp(async () => {
    await space.apply(...seedNacos());
    client = await startClient(space, 'client', { injected: false });
    await space.rolledOut('nacos-server');
    await eventually(async () => expect(await instancesOf('spring-cloud-a')).toEqual([]), 240);
  });
  space.setUp(async () => {
    const registry = {
      ...{ name: 'seed', servers: [`nacos-server.${space.name}:8848`] },
      namespaces: [{ id: 'public', meshNamespace: space.name }],
    };
    await installChart(`--set-json=nacos.registries=${JSON.stringify([registry])}`);
  });
  space.setUp(async () => {
    await space.apply(...seedManifestsInNacos());
    await startEdge(space, {
      'www.aliyundoc.com': 'spring-cloud-a-base:20001',
      'www.example.com': 'spring-cloud-a-gray:20001',
    });
    await space.rolledOut(...SEED_DEPLOYMENTS);
    await eventually(async () => {
      for (const name of ['a', 'b', 'c']) expect(await instancesOf(`spring-cloud-${name}`)).toHaveLength(4);
    });
    // The edge has no sidecar: it is refused until kube-proxy knows of the pods.
    for (const host of [BASE, GRAY]) {
      await eventually(async () => expect((await client.ask(host)).status).toBe(200));
    }
  });
  afterAll(() => installChart());

  async function instancesOf(service: string): Promise<NacosList['hosts']> {
    const url = `http://nacos-server:8848/nacos/v1/ns/instance/list?serviceName=${service}`;
    return (JSON.parse((await client.ask({ url })).text) as NacosList).hosts;
  }

  /** What the pods of A and B have sent to `service`, newest first. */
  async function callsTo(service: string, podLabel: string): Promise<readonly Hop[]> {
    const pods = await space.pods(podLabel);
    const hops = await Promise.all(
      pods.map(({ metadata }) => hopsOf(space, metadata.name, `service=${space.name}/${service}&limit=2000`)),
    );
    const calls = hops.flat().filter(({ direction }) => direction === 'outbound');
    return calls.sort((a, b) => (a.time < b.time ? 1 : -1));
  }

  it('knows B and C from Nacos alone, where no instance says its lane', async () => {
    const services = await space.items<KubeObject & { readonly metadata: { readonly name: string } }>(
      'services',
    );
    expect(services.map(({ metadata }) => metadata.name).sort()).toEqual([
      'edge',
      'nacos-server',
      'spring-cloud-a-base',
      'spring-cloud-a-gray',
    ]);
    for (const name of ['b', 'c']) {
      for (const { metadata } of await instancesOf(`spring-cloud-${name}`)) {
        expect(Object.keys(metadata).filter((key) => /lane|tag|version/.test(key))).toEqual([]);
      }
    }
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

  it('knew each instance when the first call went there: none was passed through', async () => {
    const lists = await Promise.all(['b', 'c'].map((name) => instancesOf(`spring-cloud-${name}`)));
    const addresses = new Set(lists.flat().map(({ ip }) => ip));
    expect(addresses.size).toBe(8);
    const pods = await space.pods('msePilotCreateAppName');
    const hops = await Promise.all(pods.map(({ metadata }) => hopsOf(space, metadata.name, 'limit=2000')));
    const calls = hops
      .flat()
      .filter(({ direction, authority }) => direction === 'outbound' && addresses.has(hostOf(authority)));
    expect(calls.length).toBeGreaterThanOrEqual(8);
    expect(calls.filter(({ service }) => service === null)).toEqual([]);
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

  it.each([
    ['app=spring-cloud-a', 'spring-cloud-b', 'base'],
    ['app=spring-cloud-a-new', 'spring-cloud-b', 'gray'],
    ['app=spring-cloud-b-new', 'spring-cloud-c', 'gray'],
  ])(
    '%s says of its calls to %s what its client chose in Nacos and what came of it: %s',
    async (pods, service, lane) => {
      const calls = await callsTo(service, pods);
      expect(calls.length).toBeGreaterThan(100);
      for (const { service: called, endpoint, chosen, fallback } of calls) {
        expect(called).toBe(`${space.name}/${service}`);
        expect(endpoint).toMatchObject({ lane, pod: expect.stringContaining(service) as string });
        expect(chosen).toBeDefined();
        expect(fallback).toBeNull();
      }
      // The applications take all instances in turn, half of which are of the other lane.
      const kept = calls.filter(({ chosen, endpoint }) => chosen?.address === endpoint?.address);
      const replaced = calls.filter(({ chosen }) => chosen?.lane !== lane);
      expect(kept.length).toBeGreaterThan(calls.length / 4);
      expect(replaced.length).toBeGreaterThan(calls.length / 4);
      expect(kept.length + replaced.length).toBe(calls.length);
      expect(kept[0]?.why).toContain("That is the client's own choice, so it is kept.");
      expect(replaced[0]?.why).toMatch(/The client had chosen [\d.:]+ of (base|gray), which /);
    },
  );

  it('loses no request when an instance of B is killed that Nacos goes on to name', async () => {
    const [victim] = await space.pods('app=spring-cloud-b');
    const { name } = victim?.metadata ?? { name: '' };
    await space.kubectl('delete', 'pod', name, '--grace-period=0', '--force');
    const { ok, errors, answers } = await client.askMany({
      ...BASE,
      total: 100,
      concurrency: 2,
      keepAlive: false,
    });
    expect({ ok, errors, names: namesIn(answers) }).toEqual({ ok: 100, errors: {}, names: ['A -> B -> C'] });
  });

  it('falls back without an error while the gray pods of B go away, and is gray again at C', async () => {
    await client.start({ ...GRAY, name: 'through', concurrency: 2, keepAlive: false });
    await client.reached('through', 50);
    await space.kubectl('scale', 'deployment/spring-cloud-b-new', '--replicas=0');
    await space.kubectl('wait', '--for=delete', 'pod', '--selector=app=spring-cloud-b-new', '--timeout=120s');
    const gone = await client.report('through');
    await client.reached('through', gone.ended + 100);
    const { errors, answers } = await client.stop('through');
    expect(errors).toEqual({});
    expect(namesIn(answers)).toEqual(['Agray -> B -> Cgray', 'Agray -> Bgray -> Cgray']);
    const [last] = await callsTo('spring-cloud-b', 'app=spring-cloud-a-new');
    expect(last).toMatchObject({ lane: 'gray', fallback: { from: 'gray', to: 'base' } });
    await eventually(async () => expect(await instancesOf('spring-cloud-b')).toHaveLength(2));
  });

  it('comes back to gray when B has gray pods again', async () => {
    await space.kubectl('scale', 'deployment/spring-cloud-b-new', '--replicas=1');
    await space.rolledOut('spring-cloud-b-new');
    await eventually(async () => expect((await client.ask(GRAY)).text).toMatch(/^Agray\[.*Bgray\[.*Cgray\[/));
    expect((await client.ask(BASE)).text).toMatch(/^A\[.*B\[.*C\[/);
  });
});

function hostOf(authority: string): string {
  return authority.slice(0, authority.lastIndexOf(':'));
}
