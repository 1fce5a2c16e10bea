import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callNacos } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { discoveryVariables } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster, type Replica } from '../harness/fake-cluster.ts';
import { freePort } from '../harness/free-port.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';
import { tellMeasured, untilPromised } from './harness/until-promised.ts';
import { startServer } from './server/start-server.ts';

interface Host {
  readonly ip: string;
  readonly port: number;
  readonly healthy: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Beats come every 5 s: what none of them has brought back by then stays away. */
const BEYOND_A_BEAT_MS = 8_000;
/** A Lease is another's at the latest 15 s after its last renewal, and a pause of 4.4 s. */
const TAKEOVER_MS = 40_000;

/** Real replicas and sidecars and a real Nacos; only the API server is ours. */
describe('pods that are registered on their behalf', () => {
  let nacos: NacosServer;
  let cluster: FakeCluster;
  let folder: string;
  let nacosFile: string;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    nacos = await startServer();
  });
  afterAll(() => nacos.stop());

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-registration-'));
    nacosFile = join(folder, 'nacos.yaml');
    const servers = [`${nacos.address}:${nacos.httpPort}`];
    const registry = { name: 'main', servers, namespaces: [{ meshNamespace: SHOP }] };
    writeFileSync(nacosFile, stringify({ registries: [registry] }));
    cluster = await startFakeCluster();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const startReplica = (pod: string): Promise<Replica> =>
    cluster.startReplica(pod, { source: 'kubernetes,nacos', nacosFile });

  /** The one that leads first. */
  async function startReplicas(): Promise<readonly [leader: Replica, other: Replica]> {
    const leader = await startReplica('cp-1');
    await eventually('the first replica leads', () => cluster.leader() === 'cp-1');
    return [leader, await startReplica('cp-2')];
  }

  async function hostsOf(serviceName: string): Promise<readonly Host[]> {
    const { text } = await callNacos(nacos, 'GET', '/ns/instance/list', { serviceName });
    return (JSON.parse(text) as { readonly hosts?: readonly Host[] }).hosts ?? [];
  }

  const count = (service: string, expected: number) => async (): Promise<boolean> =>
    (await hostsOf(service)).length === expected;

  function putPod(name: string, service: string, port: number, more: object = {}): void {
    const annotations = { 'lanekeeper.io/nacos-port': String(port) };
    const labels = { app: service, 'lanekeeper.io/lane': 'gray' };
    cluster.putPod(name, { address: '127.0.0.1', annotations, labels, ...more });
  }

  async function sidecarOf(pod: string, replica: Replica, inbound: number): Promise<SidecarProcess> {
    const tokenFile = join(folder, pod);
    writeFileSync(tokenFile, cluster.tokenOf(pod));
    const sidecar = await startSidecar({
      variables: {
        ...discoveryVariables(replica.port, tokenFile),
        ...{ pod, namespace: SHOP, app: 'drained', podAddress: '127.0.0.1' },
        ...{ inboundListen: `127.0.0.1:${inbound}`, drainDelayMs: '60000' },
      },
    });
    ends.push(() => sidecar.stop(0));
    await eventually('the sidecar is ready', async () => (await fetch(`http://${sidecar.status}/ready`)).ok);
    return sidecar;
  }

  it('are there once, with their lane, from when they are ready until they are deleted or not ready', async () => {
    const replicas = await startReplicas();
    putPod('inventory-1', 'inventory', 8_001, { isReady: false });
    putPod('inventory-2', 'inventory', 8_002);
    await untilPromised('the ready one is registered', count('inventory', 1));
    const since = performance.now();
    putPod('inventory-1', 'inventory', 8_001);
    const ms = await untilPromised('the other one is registered', count('inventory', 2), since);
    tellMeasured('ready to registered', ms);
    for (const { metadata, healthy } of await hostsOf('inventory')) {
      expect(metadata).toMatchObject({
        'lanekeeper.io/lane': 'gray',
        'preserved.register.source': 'LANEKEEPER',
      });
      expect(healthy).toBe(true);
    }
    const leading = await Promise.all(
      replicas.map(
        async (one) => /lanekeeper_registration_leader (\d)/.exec(await one.read('/metrics'))?.[1],
      ),
    );
    expect(leading).toEqual(['1', '0']);

    const labels = { app: 'inventory', 'lanekeeper.io/lane': 'blue' };
    putPod('inventory-1', 'inventory', 8_001, { labels });
    await untilPromised('the lane is another one', async () =>
      (await hostsOf('inventory')).some(
        ({ port, metadata }) => port === 8_001 && metadata['lanekeeper.io/lane'] === 'blue',
      ),
    );
    const deletedAt = performance.now();
    putPod('inventory-1', 'inventory', 8_001, { isTerminating: true });
    tellMeasured('deleted to gone', await untilPromised('it is gone', count('inventory', 1), deletedAt));
    putPod('inventory-2', 'inventory', 8_002, { isReady: false });
    await untilPromised('both are gone', count('inventory', 0));
  });

  it('stay there without a gap when the leader is killed, and are the next leader’s from then on', async () => {
    const [leader] = await startReplicas();
    putPod('product-1', 'product', 8_011);
    putPod('product-2', 'product', 8_012);
    await untilPromised('both are registered', count('product', 2));
    process.kill(leader.pid, 'SIGKILL');
    const killedAt = performance.now();
    cluster.removePod('product-2');
    const seen = new Set<string>();
    await eventually(
      'the next one leads',
      async () => {
        const first = (await hostsOf('product')).find(({ port }) => port === 8_011);
        seen.add(first === undefined ? 'gone' : first.healthy ? 'healthy' : 'unhealthy');
        return cluster.leader() === 'cp-2';
      },
      TAKEOVER_MS,
    );
    tellMeasured('leader killed to the next one', Math.round(performance.now() - killedAt));
    await untilPromised('who went while nobody led is gone', count('product', 1));
    const stop = performance.now() + BEYOND_A_BEAT_MS;
    await eventually('some beats', async () => {
      for (const { healthy } of await hostsOf('product')) seen.add(healthy ? 'healthy' : 'unhealthy');
      return performance.now() > stop;
    });
    expect([...seen]).toEqual(['healthy']);
    cluster.removePod('product-1');
    await untilPromised('the new leader takes it out', count('product', 0));
  });

  it('are gone while the listener of their draining sidecar is still open, whichever replica hears it, and stay away', async () => {
    const inbound = await freePort();
    const [, other] = await startReplicas();
    cluster.putService('drained', ['127.0.0.1'], inbound);
    putPod('drained-1', 'drained', inbound);
    await untilPromised('it is registered', count('drained', 1));
    const sidecar = await sidecarOf('drained-1', other, inbound);
    const since = performance.now();
    await fetch(`http://${sidecar.admin}/drain`, { method: 'POST' });
    tellMeasured('drain to gone', await untilPromised('it is gone', count('drained', 0), since));
    const socket = connect(inbound, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    const seen = new Set<number>();
    await eventually('more than a beat', async () => {
      seen.add((await hostsOf('drained')).length);
      return performance.now() - since > BEYOND_A_BEAT_MS;
    });
    expect([...seen]).toEqual([0]);
    await sidecar.stop(0);
    await sidecarOf('drained-1', other, inbound);
    await untilPromised('it is back with a new sidecar', count('drained', 1));
  });

  it('are back when Nacos has lost its data', async () => {
    await startReplicas();
    putPod('price-1', 'price', 8_041);
    putPod('price-2', 'price', 8_042);
    await untilPromised('both are registered', count('price', 2));
    await nacos.loseData();
    tellMeasured('data lost to registered again', await untilPromised('both are back', count('price', 2)));
  });

  it('that went while no replica was there are taken out by the first that comes', async () => {
    const [leader, other] = await startReplicas();
    putPod('order-1', 'order', 8_021);
    putPod('order-2', 'order', 8_022);
    await untilPromised('both are registered', count('order', 2));
    await Promise.all([leader.stop(), other.stop()]);
    expect(await hostsOf('order')).toHaveLength(2);
    cluster.removePod('order-1');
    await startReplica('cp-3');
    await untilPromised('who went is gone', count('order', 1));
  });

  it('say why they cannot be registered', async () => {
    const [leader] = await startReplicas();
    putPod('wrong-1', 'wrong', 8_031, {
      annotations: { 'lanekeeper.io/nacos-port': '8031', 'lanekeeper.io/nacos-namespace': 'elsewhere' },
    });
    const finding =
      'Pod shop/wrong-1: not registered in Nacos: metadata.annotations[\\"lanekeeper.io/nacos-namespace\\"]';
    await untilPromised('it is told', async () => (await leader.read('/status')).includes(finding));
    expect(await hostsOf('wrong')).toEqual([]);
  });
});
