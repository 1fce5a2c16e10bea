import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DiscoveryClient } from '@lanekeeper/control-plane/testing/discovery-client';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import type { Update } from '@lanekeeper/protocol/discovery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discoveryVariables } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster, type Replica } from '../harness/fake-cluster.ts';
import { freePort } from '../harness/free-port.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';

const CA = readFileSync(
  fileURLToPath(new URL('../../sidecar/src/discovery/testdata/ca.crt', import.meta.url)),
  'utf8',
);
const OURS = { group: 'lanekeeper.io', version: 'v1alpha1' };
const LANE_GROUPS: Resource = { ...OURS, plural: 'lanegroups', kind: 'LaneGroup' };
const LANES: Resource = { ...OURS, plural: 'lanes', kind: 'Lane' };

/** Pods of two services, and of the gateway. */
const PODS = { 'a-1': '127.0.0.2', 'b-1': '127.0.0.3', 'gateway-1': '127.0.0.4' };
type PodName = keyof typeof PODS;

/** What `/status` says of a lane that is not as it is wanted. */
interface ReportedLane {
  readonly lane: string;
  readonly state: string;
  readonly acknowledged: number;
  readonly of: number;
  readonly missing: readonly string[];
  readonly reason: string;
}

/** Real control planes, sidecars and gateway; only the API server is ours. */
describe('a lane whose rules change', () => {
  let cluster: FakeCluster;
  let folder: string;
  let replicas: readonly [Replica, Replica];
  const ends: (() => unknown)[] = [];

  async function start(laneTimeoutMs: number): Promise<void> {
    const variables = { gatewayAccount: `${SHOP}/default`, laneTimeoutMs: String(laneTimeoutMs) };
    replicas = [await cluster.startReplica('cp-1', variables), await cluster.startReplica('cp-2', variables)];
  }

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-barrier-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    cluster = await startFakeCluster();
    ends.push(() => cluster.close());
    for (const [name, address] of Object.entries(PODS)) {
      const app = name.slice(0, -2);
      cluster.putPod(name, { address, labels: { app } });
      if (app !== 'gateway') cluster.putService(app, [address], await freePort());
    }
    declare(LANE_GROUPS, 'demo', { services: [{ name: 'a' }, { name: 'b' }] });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  function declare(resource: Resource, name: string, spec: unknown): void {
    const metadata = { name, namespace: SHOP, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    cluster.server.put({ resource }, { metadata, spec });
  }

  /** Users with these names are of the lane. */
  function putLane(users: readonly string[], fallback: readonly string[] = ['base']): void {
    const match = users.map((user) => ({ headers: { 'x-user': { exact: user } } }));
    declare(LANES, 'gray', { group: 'demo', fallback, match });
  }

  async function startProxy(pod: PodName, replica: Replica): Promise<SidecarProcess> {
    const tokenFile = join(folder, pod);
    writeFileSync(tokenFile, cluster.tokenOf(pod));
    const role = pod === 'gateway-1' ? { role: 'gateway', app: '' } : { app: pod.slice(0, -2) };
    const proxy = await startSidecar({
      variables: {
        ...discoveryVariables(replica.port, tokenFile),
        ...{ pod, namespace: SHOP, podAddress: PODS[pod], ...role },
      },
    });
    ends.push(() => proxy.stop(0));
    await eventually(`${pod} is ready`, async () => (await fetch(`http://${proxy.status}/ready`)).ok);
    return proxy;
  }

  const rulesAt = async ({ admin }: SidecarProcess): Promise<number> => {
    const shown = fieldsOf(await (await fetch(`http://${admin}/lanes`)).json());
    const lanes = Array.isArray(shown['lanes']) ? shown['lanes'].map(fieldsOf) : [];
    const rules = lanes.find(({ lane }) => lane === 'gray')?.['rules'];
    return Array.isArray(rules) ? rules.length : 0;
  };

  async function allHave(proxies: readonly SidecarProcess[], rules: number): Promise<void> {
    await eventually(`${rules} rules at all`, async () => {
      const counts = await Promise.all(proxies.map(rulesAt));
      return counts.every((count) => count === rules);
    });
  }

  async function lanesOf(replica: Replica): Promise<readonly ReportedLane[]> {
    return (JSON.parse(await replica.read('/status')) as { readonly lanes: readonly ReportedLane[] }).lanes;
  }

  it('reaches sidecars and the gateway, whichever replica they are connected to', async () => {
    await start(60_000);
    const [first, second] = replicas;
    const proxies = [
      await startProxy('a-1', first),
      await startProxy('b-1', second),
      await startProxy('gateway-1', second),
    ];
    const took = async (change: () => void, rules: number): Promise<string> => {
      const began = performance.now();
      change();
      await allHave(proxies, rules);
      return `${Math.round(performance.now() - began)} ms`;
    };
    const fresh = await took(() => putLane(['ann']), 1);
    const changed = await took(() => putLane(['ann', 'ben']), 2);
    const rerouted = await took(() => putLane(['ann', 'ben', 'eve'], []), 3);
    process.stdout.write(
      `at 2 sidecars and a gateway of 2 replicas: a new lane after ${fresh}, rules alone after ${changed}, ` +
        `routing and rules after ${rerouted}\n`,
    );
    for (const replica of replicas)
      await eventually('it is open', async () => (await lanesOf(replica)).length === 0);
  });

  it('waits for a sidecar that does not answer, at all replicas, until the time is over, and says why', async () => {
    await start(3_000);
    const [first, second] = replicas;
    const a = await startProxy('a-1', first);
    const silent = new DiscoveryClient({ port: second.port, ca: CA, token: cluster.tokenOf('b-1') });
    ends.push(() => silent.close());
    silent.hello({ pod: 'b-1', namespace: SHOP, app: 'b', address: PODS['b-1'] });
    await silent.take();
    putLane(['ann']);
    const told = await nextMesh(silent);
    expect(told.mesh?.value.lanes.find(({ name }) => name === 'gray')?.match).toEqual([]);
    for (const replica of replicas) {
      const [lane] = await eventually('it waits', async () => {
        const lanes = await lanesOf(replica);
        return lanes.some(({ acknowledged }) => acknowledged === 1) && lanes;
      });
      expect(lane).toMatchObject({
        ...{ lane: 'gray', state: 'waiting', of: 2, missing: [`${SHOP}/b-1`] },
        reason: `its new rules wait: 1 of 2 sidecars have not acknowledged its routing (${SHOP}/b-1)`,
      });
    }
    expect(await rulesAt(a)).toBe(0);
    await allHave([a], 1);
    const [late] = await lanesOf(first);
    expect(late).toMatchObject({ state: 'timed-out', missing: [`${SHOP}/b-1`] });
    expect(late?.reason).toContain('in force without all of its sidecars, after 3 s');
    expect(first.output()).toContain('lane_not_acknowledged');
    silent.ack(told);
    for (const replica of replicas)
      await eventually('it is open', async () => (await lanesOf(replica)).length === 0);
  });

  /** Unanswered. */
  async function nextMesh(client: DiscoveryClient): Promise<Update> {
    for (;;) {
      const update = await client.next();
      if (update.mesh?.value.lanes.some(({ name }) => name === 'gray') === true) return update;
      client.ack(update);
    }
  }
});
