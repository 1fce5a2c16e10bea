import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import { INGRESS_CLASSES, INGRESSES, type Resource } from '@lanekeeper/kubernetes/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discoveryVariables } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster } from '../harness/fake-cluster.ts';
import { freePort } from '../harness/free-port.ts';
import { send, type Answer, type Place } from '../harness/http-client.ts';
import { loopbackAddress } from '../harness/pods.ts';
import { startSidecar } from '../harness/sidecar-process.ts';

const OURS = { group: 'lanekeeper.io', version: 'v1alpha1' };
const LANES: Resource = { ...OURS, plural: 'lanes', kind: 'Lane' };
const GROUPS: Resource = { ...OURS, plural: 'lanegroups', kind: 'LaneGroup' };
const MSE = { group: 'mse.alibabacloud.com', version: 'v1alpha1' };
const CONFIGS: Resource = { ...MSE, plural: 'mseingressconfigs', kind: 'MseIngressConfig' };

const HOST = 'www.example.com';
const SERVICE = 'spring-cloud-a';
const PODS = { base: '127.0.0.2', gray: '127.0.0.3' };
/** Where the gateway's pods take what comes for Ingresses. */
const HTTP_PORT = 8080;

/** Seeds 000 and 004: a real control plane and a real gateway; only the API server is ours. */
describe('an Ingress and a configuration of MSE', () => {
  let cluster: FakeCluster;
  let gateway: Place;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-mse-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    cluster = await startFakeCluster();
    ends.push(() => cluster.close());
    const port = await freePort();
    for (const [name, address] of Object.entries(PODS)) await startApp(name, { address, port });
    cluster.putPod('a-base', { address: PODS.base, labels: { app: SERVICE } });
    cluster.putPod('a-gray', {
      address: PODS.gray,
      labels: { app: SERVICE, 'lanekeeper.io/lane': 'gray' },
    });
    cluster.putService(SERVICE, Object.values(PODS), port);
    declareObjects();
    gateway = await startGateway(folder);
    await eventually('the Ingress', async () => (await ask()).text === 'base');
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });

  async function startApp(name: string, at: Place): Promise<void> {
    const server = createServer((request, response) => {
      request.resume();
      response.end(name);
    });
    server.listen(at.port, at.address);
    await once(server, 'listening');
    ends.push(() => {
      server.close();
      server.closeAllConnections();
    });
  }

  function declareObjects(): void {
    putConfig({ whitelist: ['127.0.0.0/8'] });
    const parameters = { apiGroup: MSE.group, kind: CONFIGS.kind, name: 'edge' };
    const spec = { controller: 'lanekeeper.io/gateway', parameters };
    cluster.server.put({ resource: INGRESS_CLASSES }, { metadata: { name: 'mse' }, spec });
    putIngress('demo', {});
    putIngress('demo-gray', {
      'nginx.ingress.kubernetes.io/canary': 'true',
      'mse.ingress.kubernetes.io/canary-by-query': 'env',
      'mse.ingress.kubernetes.io/canary-by-query-value': 'gray',
      'mse.ingress.kubernetes.io/service-subset': 'gray',
    });
    declare(GROUPS, 'demo', { services: [{ name: SERVICE }] });
    declare(LANES, 'gray', { group: 'demo', match: [{ headers: { location: { exact: 'cn-shenzhen' } } }] });
  }

  function putConfig(ipAccessControl: object): void {
    const metadata = { name: 'edge', generation: 1 };
    const spec = { common: { instance: { spec: '4c8g', replicas: 2 } }, global: { ipAccessControl } };
    cluster.server.put({ resource: CONFIGS }, { metadata, spec });
  }

  function putIngress(name: string, annotations: Readonly<Record<string, string>>): void {
    const backend = { service: { name: SERVICE, port: { number: 80 } } };
    const rules = [{ host: HOST, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
    const metadata = { name, namespace: SHOP, annotations, creationTimestamp: '2026-01-01T00:00:00Z' };
    cluster.server.put({ resource: INGRESSES }, { metadata, spec: { ingressClassName: 'mse', rules } });
  }

  function declare(resource: Resource, name: string, spec: unknown): void {
    const metadata = { name, namespace: SHOP, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    cluster.server.put({ resource }, { metadata, spec });
  }

  async function startGateway(folder: string): Promise<Place> {
    const address = loopbackAddress();
    cluster.putPod('gateway-1', { address });
    const replica = await cluster.startReplica('cp-1', { gatewayAccount: `${SHOP}/default` });
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, cluster.tokenOf('gateway-1'));
    const process = await startSidecar({
      variables: {
        ...discoveryVariables(replica.port, tokenFile),
        ...{ role: 'gateway', pod: 'gateway-1', namespace: SHOP, app: 'gateway', podAddress: address },
        ...{ gatewayListen: 'none', gatewayHost: address },
      },
    });
    ends.push(() => process.stop(0));
    return { address, port: HTTP_PORT };
  }

  async function ask(path = '/', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    // Until it has been told the edge, nothing listens.
    return send(gateway, { host: HOST, path, headers }).catch(() => NOBODY);
  }
  const NOBODY: Answer = { status: 0, headers: {}, trailers: {}, body: Buffer.alloc(0), text: '' };

  it('leads to the subset that a canary names, by a query parameter', async () => {
    await eventually('the canary', async () => (await ask('/?env=gray')).text === 'gray');
    expect((await ask('/?env=blue')).text).toBe('base');
    expect((await ask()).text).toBe('base');
  });

  it('leads to the lane by its rule, without a canary', async () => {
    await eventually('the rule', async () => (await ask('/', { location: 'cn-shenzhen' })).text === 'gray');
    expect((await ask('/', { location: 'cn-beijing' })).text).toBe('base');
  });

  it('takes no connection of those whom the MseIngressConfig keeps out', async () => {
    putConfig({ whitelist: ['127.0.0.0/8'], blacklist: ['127.0.0.1'] });
    await eventually('the blacklist', async () => (await ask()).status === NOBODY.status);
    putConfig({ whitelist: ['127.0.0.0/8'] });
    await eventually('it is empty again', async () => (await ask()).text === 'base');
  });

  it('says on the MseIngressConfig what of it has no effect here', async () => {
    const conditions = (): unknown =>
      fieldsOf(
        cluster.server.objects.get('mse.alibabacloud.com/v1alpha1/mseingressconfigs', 'edge')?.['status'],
      )['conditions'];
    await eventually('the condition', () => conditions() !== undefined);
    expect(conditions()).toContainEqual(
      expect.objectContaining({
        type: 'LanekeeperMapped',
        status: 'False',
        message: expect.stringContaining('spec.common.instance.spec') as unknown,
      }),
    );
  });
});
