import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainPath, startChainApp, trail } from '../harness/chain-app.ts';
import { discoveryVariables } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster } from '../harness/fake-cluster.ts';
import { freePort } from '../harness/free-port.ts';
import { send, type Place } from '../harness/http-client.ts';
import { startSidecar } from '../harness/sidecar-process.ts';

const API = { group: 'traffic.opensergo.io', version: 'v1alpha1' };
const TRAFFIC: Resource = { ...API, plural: 'trafficlabelrules', kind: 'TrafficLabelRule' };
const WORKLOADS: Resource = { ...API, plural: 'workloadlabelrules', kind: 'WorkloadLabelRule' };

const ZUUL = 'spring-cloud-zuul';
/** Where each application of the chain is; of `spring-cloud-zuul` with a sidecar. */
const ADDRESSES = { zuul: '127.0.0.1', base: '127.0.0.2', gray: '127.0.0.3' };

/** Real control plane and real sidecar; only the API server is ours. The rules are seed 002's. */
describe('OpenSergo’s rules', () => {
  let cluster: FakeCluster;
  let inbound: Place;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-opensergo-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    cluster = await startFakeCluster();
    ends.push(() => cluster.close());
    const [port, outbound] = [await freePort(), await freePort(ADDRESSES.zuul)];
    await startApp('B', { address: ADDRESSES.base, port });
    await startApp('Bgray', { address: ADDRESSES.gray, port });
    const zuul = { address: ADDRESSES.zuul, port: await freePort() };
    await startApp('Zuul', zuul, { address: ADDRESSES.zuul, port: outbound });
    inbound = { address: ADDRESSES.zuul, port: await freePort() };
    cluster.putPod('zuul-1', { address: ADDRESSES.zuul, labels: { app: ZUUL } });
    cluster.putPod('b-1', { address: ADDRESSES.base, labels: { app: 'b' } });
    cluster.putPod('b-next-1', { address: ADDRESSES.gray, labels: { app: 'b', version: '2.0' } });
    cluster.putService(ZUUL, [ADDRESSES.zuul], inbound.port);
    cluster.putService('b', [ADDRESSES.base, ADDRESSES.gray], port);
    declareRules();
    const replica = await cluster.startReplica('cp-1');
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, cluster.tokenOf('zuul-1'));
    const sidecar = await startSidecar({
      variables: {
        ...discoveryVariables(replica.port, tokenFile),
        ...{ pod: 'zuul-1', namespace: SHOP, app: ZUUL, podAddress: ADDRESSES.zuul },
        ...{ appAddress: `${zuul.address}:${zuul.port}` },
        inboundListen: `${inbound.address}:${inbound.port}`,
        outboundListen: `${ADDRESSES.zuul}:${outbound}`,
      },
    });
    ends.push(() => sidecar.stop(0));
    await eventually('readiness', async () => (await fetch(`http://${sidecar.status}/ready`)).ok);
    await eventually('the first rule', async () => (await visited(SHENZHEN)) === 'Zuul Bgray');
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  async function startApp(name: string, at: Place, outbound?: Place): Promise<void> {
    const { server } = await startChainApp(name, at, outbound);
    ends.push(() => {
      server.close();
      server.closeAllConnections();
    });
  }

  function declareRules(): void {
    declare(TRAFFIC, 'my-traffic-label-rule', {
      selector: { app: ZUUL },
      trafficLabel: 'gray',
      match: [{ condition: '==', type: 'header', key: 'location', value: 'cn-shenzhen' }],
    });
    declare(TRAFFIC, 'by-path-and-query', {
      selector: { app: ZUUL },
      trafficLabel: 'gray',
      match: [
        { condition: '==', type: 'path', value: '/chain' },
        { condition: '==', type: 'query', key: 'beta', value: '1' },
      ],
    });
    declare(TRAFFIC, 'of-somebody-else', {
      selector: { app: 'spring-cloud-a' },
      trafficLabel: 'gray',
      match: [{ condition: '==', type: 'header', key: 'x-other', value: 'yes' }],
    });
    declare(WORKLOADS, 'next-of-b', { workloadLabels: ['gray'], selector: { app: 'b', version: '2.0' } });
    declare(WORKLOADS, 'gray-sts-label-rule', {
      workloadLabels: ['gray'],
      selector: { db: 'mse-demo', table: 'mse_demo_table_gray' },
    });
  }

  function declare(resource: Resource, name: string, spec: unknown): void {
    const metadata = { name, namespace: SHOP, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    cluster.server.put({ resource }, { metadata, spec });
  }

  const SHENZHEN = { location: 'cn-shenzhen' };
  async function visited(headers: Readonly<Record<string, string>>, query = ''): Promise<string> {
    const path = `${chainPath(['b'], { forward: ['x-request-id'] })}${query}`;
    return trail(await send(inbound, { host: 'www.example.com', path, headers }));
  }

  function conditionOf(name: string, type: string): unknown {
    const collection = `traffic.opensergo.io/v1alpha1/${WORKLOADS.plural}`;
    const { conditions } = fieldsOf(cluster.server.objects.get(collection, `${SHOP}/${name}`)?.['status']);
    return (conditions as { readonly type: string }[] | undefined)?.find((each) => each.type === type);
  }

  it('colour at the workloads of their selector by a header', async () => {
    expect(await visited(SHENZHEN)).toBe('Zuul Bgray');
    expect(await visited({ location: 'cn-beijing' })).toBe('Zuul B');
    expect(await visited({})).toBe('Zuul B');
  });

  it('colour by path and query, where both hold', async () => {
    expect(await visited({}, '&beta=1')).toBe('Zuul Bgray');
    expect(await visited({}, '&beta=2')).toBe('Zuul B');
  });

  it('colour nowhere else', async () => {
    expect(await visited({ 'x-other': 'yes' })).toBe('Zuul B');
  });

  it('put workloads into a lane, and say of databases and tables that they have no effect yet', async () => {
    await eventually(
      'the conditions',
      () => conditionOf('gray-sts-label-rule', 'NotEffective') !== undefined,
    );
    expect(conditionOf('gray-sts-label-rule', 'Accepted')).toMatchObject({ status: 'True' });
    expect(conditionOf('gray-sts-label-rule', 'NotEffective')).toMatchObject({
      status: 'True',
      reason: 'NotYetEffective',
      message: expect.stringMatching(/\bdb\b|database/) as string,
    });
    await eventually('those of the other', () => conditionOf('next-of-b', 'NotEffective') !== undefined);
    expect(conditionOf('next-of-b', 'NotEffective')).toMatchObject({ status: 'False' });
  });

  it('take a workload out of its lane when they go', async () => {
    cluster.server.remove({ resource: WORKLOADS }, 'next-of-b', SHOP);
    await eventually('it is of the baseline', async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => visited({})));
      return answers.includes('Zuul Bgray');
    });
  });
});
