import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DiscoveryClient } from '@lanekeeper/control-plane/testing/discovery-client';
import type { EndpointConfig } from '@lanekeeper/protocol/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discoveryVariables, startControlPlane } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster, type Replica } from '../harness/fake-cluster.ts';
import { freePort } from '../harness/free-port.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';

const CA = fileURLToPath(new URL('../../sidecar/src/discovery/testdata/ca.crt', import.meta.url));
const ADDRESS = '127.0.0.1';

/** Real sidecars and replicas; only the API server is ours. */
describe('a workload whose sidecar drains', () => {
  let cluster: FakeCluster;
  let folder: string;
  const ends: (() => unknown)[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-draining-'));
    cluster = await startFakeCluster();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function sidecarOf(
    pod: string,
    { port }: { readonly port: number },
    inbound: number,
  ): Promise<SidecarProcess> {
    const tokenFile = join(folder, pod);
    writeFileSync(tokenFile, cluster.tokenOf(pod));
    const sidecar = await startSidecar({
      variables: {
        ...discoveryVariables(port, tokenFile),
        ...{ pod, namespace: SHOP, app: 'b', podAddress: ADDRESS, inboundListen: `${ADDRESS}:${inbound}` },
        drainDelayMs: '60000',
      },
    });
    ends.push(() => sidecar.stop(0));
    await eventually('the sidecar is ready', async () => (await fetch(`http://${sidecar.status}/ready`)).ok);
    return sidecar;
  }

  /** A caller of `b` that tells what it hears of its endpoints. */
  function caller(replica: Replica): DiscoveryClient {
    const { port } = replica;
    const client = new DiscoveryClient({ port, ca: readFileSync(CA, 'utf8'), token: cluster.tokenOf('a-1') });
    return asking(client);
  }

  function asking(client: DiscoveryClient): DiscoveryClient {
    ends.push(() => client.close());
    client.hello({ pod: 'a-1', namespace: SHOP });
    client.want('host:b');
    return client;
  }

  async function endpointsTold(client: DiscoveryClient): Promise<readonly EndpointConfig[]> {
    for (;;) {
      const { services } = await client.take();
      const [service] = services;
      if (service !== undefined) return service.value.endpoints;
    }
  }

  it('is no candidate of anybody’s while it still listens, whichever replica heard it, and is one again with a new sidecar', async () => {
    const inbound = await freePort();
    cluster.putPod('a-1', { address: '10.0.0.9' });
    cluster.putPod('b-1', { address: ADDRESS, labels: { app: 'b' } });
    cluster.putService('b', [ADDRESS], inbound);
    const [first, second] = [await cluster.startReplica('cp-1'), await cluster.startReplica('cp-2')];
    const sidecar = await sidecarOf('b-1', first, inbound);
    const client = caller(second);
    expect(await endpointsTold(client)).toMatchObject([{ address: ADDRESS, healthy: true }]);

    await fetch(`http://${sidecar.admin}/drain`, { method: 'POST' });
    expect(await endpointsTold(client)).toMatchObject([{ healthy: false, dropReason: 'draining' }]);
    const socket = connect(inbound, ADDRESS);
    await once(socket, 'connect');
    socket.destroy();

    await sidecar.stop(0);
    await sidecarOf('b-1', second, inbound);
    expect(await endpointsTold(client)).toMatchObject([{ healthy: true }]);
    const isNoted = (): boolean => cluster.statusKeys().some((key) => key.startsWith('draining.'));
    await eventually('the note is taken back', () => !isNoted());
  });

  it('is none either where no API server knows of it, for the address that its sidecar connects from', async () => {
    const inbound = await freePort();
    const file = join(folder, 'mesh.yaml');
    const endpoints = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, port: inbound }));
    writeFileSync(file, JSON.stringify({ services: [{ name: 'b', namespace: SHOP, port: 80, endpoints }] }));
    const controlPlane = await startControlPlane({ file });
    ends.push(() => controlPlane.stop(2_000));
    const sidecar = await sidecarOf('b-1', controlPlane, inbound);
    const client = asking(
      new DiscoveryClient({ port: controlPlane.port, ca: readFileSync(CA, 'utf8'), token: 'any' }),
    );
    expect(await endpointsTold(client)).toMatchObject([{ healthy: true }, { healthy: true }]);
    await fetch(`http://${sidecar.admin}/drain`, { method: 'POST' });
    expect(await endpointsTold(client)).toMatchObject([
      { address: '127.0.0.1', dropReason: 'draining' },
      { address: '127.0.0.2', healthy: true },
    ]);
  });
});
