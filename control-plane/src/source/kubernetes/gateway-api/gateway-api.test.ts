import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { LEASES, NAMESPACES, PODS, SECRETS, SERVICES } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import type { EdgeListener } from '@lanekeeper/protocol/edge';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connectCluster, type KubernetesCluster } from '../kubernetes-cluster.ts';
import { GATEWAY_CLASSES, GATEWAYS, HTTP_ROUTES } from './resources.ts';

const OWN = 'lanekeeper-system';
const NOTHING = { sidecars: 0, inStep: 0, behind: [], rejected: [], versions: {}, mesh: '', problems: [] };
const PATIENCE = { timeout: 10_000 };

let server: ApiServer;
let client: ApiClient;
let cluster: KubernetesCluster;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  server.put({ resource: LEASES }, { metadata: { name: 'lanekeeper-control-plane', namespace: OWN } });
  server.put({ resource: NAMESPACES }, { metadata: { name: 'shop' } });
  server.put(
    { resource: GATEWAY_CLASSES },
    { metadata: { name: 'lanekeeper', generation: 1 }, spec: { controllerName: 'lanekeeper.io/gateway' } },
  );
  putService('shop', 'a', '10.96.0.2');
  client = openClient(server.url);
  cluster = connectCluster(client, {
    source: { api: {}, namespace: OWN, pod: 'cp-1', gatewayAccount: `${OWN}/lanekeeper-gateway` },
    clusterDomain: 'cluster.local',
    ...{ log: createRecordingLog(), metrics: new Metrics(), lookAgainMs: 20 },
  });
});

afterEach(async () => {
  await cluster.drain();
  cluster.source.close();
  cluster.close();
  await server.stop();
});

function lead(): void {
  cluster.tell({ status: () => NOTHING, objects: () => [] });
}

function putService(namespace: string, name: string, address: string): void {
  const spec = { type: 'ClusterIP', clusterIPs: [address], ports: [{ port: 80, targetPort: 8080 }] };
  server.put({ resource: SERVICES }, { metadata: { name, namespace }, spec });
}

function putGateway(name: string, listeners: readonly object[] = [HTTP], more: object = {}): void {
  const metadata = { name, namespace: 'shop', generation: 1 };
  server.put(
    { resource: GATEWAYS },
    { metadata, spec: { gatewayClassName: 'lanekeeper', listeners, ...more } },
  );
}

const HTTP = { name: 'http', port: 80, protocol: 'HTTP' };

function putRoute(name: string, gateway: string, generation = 1): void {
  const metadata = { name, namespace: 'shop', generation };
  const rules = [{ backendRefs: [{ name: 'a', port: 80 }] }];
  const spec = { parentRefs: [{ name: gateway }], hostnames: [`${name}.example.com`], rules };
  // Who writes a spec leaves the status as it is.
  const status = server.objects.get('gateway.networking.k8s.io/v1/httproutes', `shop/${name}`)?.['status'];
  server.put({ resource: HTTP_ROUTES }, { metadata, spec, status });
}

function putGatewayPod(ready: boolean): void {
  const labels = { 'app.kubernetes.io/name': 'lanekeeper', 'app.kubernetes.io/component': 'gateway' };
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  server.put(
    { resource: PODS },
    { metadata: { name: 'gw-1', namespace: OWN, labels }, status: { conditions } },
  );
}

/** What a cluster does with each new Service. */
async function giveAddress(gateway: string, clusterIP: string): Promise<KubeObject> {
  const service = await vi.waitFor(() => serviceOf(gateway), PATIENCE);
  const spec = { ...fieldsOf(service['spec']), clusterIPs: [clusterIP] };
  return server.put({ resource: SERVICES }, { ...service, spec });
}

function serviceOf(gateway: string): KubeObject {
  const all = server.objects.list('/v1/services', OWN);
  const found = all.find(({ metadata }) => metadata.annotations?.['lanekeeper.io/gateway'] === gateway);
  if (found === undefined) throw new Error(`Gateway ${gateway} has no Service`);
  return found;
}

function portsOf(service: KubeObject): readonly { readonly port: number; readonly targetPort: number }[] {
  return fieldsOf(service['spec'])['ports'] as ReturnType<typeof portsOf>;
}

function listeners(): readonly EdgeListener[] {
  return cluster.catalog.edge().value.listeners.filter(({ name }) => name.startsWith('Gateway '));
}

async function conditionOf(kind: typeof GATEWAYS, name: string, type: string): Promise<unknown> {
  const { status } = await client.get({ resource: kind, namespace: 'shop', name });
  return findCondition(fieldsOf(status)['conditions'], type);
}

function findCondition(conditions: unknown, type: string): unknown {
  return (conditions as readonly { type: string }[] | undefined)?.find((one) => one.type === type);
}

it('gives a Gateway a Service, serves its routes on the Service’s ports, and says so in all statuses', async () => {
  putGateway('edge', [HTTP], {
    infrastructure: { labels: { team: 'a' }, annotations: { 'example.com/x': '1' } },
  });
  putRoute('a', 'edge');
  putGatewayPod(false);
  await cluster.source.start();
  lead();
  const service = await giveAddress('shop/edge', '10.96.7.7');
  expect(service).toMatchObject({
    metadata: { labels: { team: 'a' }, annotations: { 'example.com/x': '1' } },
    spec: {
      type: 'ClusterIP',
      selector: { 'app.kubernetes.io/name': 'lanekeeper', 'app.kubernetes.io/component': 'gateway' },
      ports: [{ name: 'http-80', port: 80 }],
    },
  });
  const [{ targetPort } = { targetPort: 0 }] = portsOf(service);
  expect(targetPort).toBeGreaterThanOrEqual(20_000);
  await vi.waitFor(() =>
    expect(listeners()).toMatchObject([{ port: targetPort, publicPort: 80, host: '*' }]),
  );
  expect(listeners()[0]?.hosts).toMatchObject([{ host: 'a.example.com' }]);
  await vi.waitFor(
    async () =>
      expect(await conditionOf(GATEWAYS, 'edge', 'Programmed')).toMatchObject({
        ...{ status: 'False', reason: 'Pending', observedGeneration: 1 },
      }),
    PATIENCE,
  );
  putGatewayPod(true);
  await vi.waitFor(
    async () => expect(await conditionOf(GATEWAYS, 'edge', 'Programmed')).toMatchObject({ status: 'True' }),
    PATIENCE,
  );
  const gateway = await client.get({ resource: GATEWAYS, namespace: 'shop', name: 'edge' });
  expect(gateway['status']).toMatchObject({
    addresses: [{ type: 'IPAddress', value: '10.96.7.7' }],
    listeners: [{ name: 'http', attachedRoutes: 1 }],
  });
  await vi.waitFor(async () => {
    const route = await client.get({ resource: HTTP_ROUTES, namespace: 'shop', name: 'a' });
    const [parent] = fieldsOf(route['status'])['parents'] as readonly unknown[];
    expect(parent).toMatchObject({
      parentRef: { name: 'edge' },
      controllerName: 'lanekeeper.io/gateway',
      conditions: [
        { type: 'Accepted', status: 'True' },
        { type: 'ResolvedRefs', status: 'True' },
      ],
    });
  }, PATIENCE);
  const ofClass = await client.get({ resource: GATEWAY_CLASSES, name: 'lanekeeper' });
  expect(findCondition(fieldsOf(ofClass['status'])['conditions'], 'Accepted')).toMatchObject({
    status: 'True',
  });
});

it('follows changes: ports keep their target, what goes is taken down, and a new generation is acknowledged', async () => {
  putGateway('edge');
  putGateway('inner');
  putRoute('a', 'edge');
  await cluster.source.start();
  lead();
  const [{ targetPort } = { targetPort: 0 }] = portsOf(await giveAddress('shop/edge', '10.96.7.7'));
  await giveAddress('shop/inner', '10.96.7.8');
  putGateway('edge', [HTTP, { name: 'more', port: 8080, protocol: 'HTTP' }]);
  await vi.waitFor(() => expect(portsOf(serviceOf('shop/edge'))).toHaveLength(2), PATIENCE);
  const ports = portsOf(serviceOf('shop/edge'));
  expect(ports.find(({ port }) => port === 80)?.targetPort).toBe(targetPort);
  await vi.waitFor(() => expect(listeners()).toHaveLength(3), PATIENCE);
  expect(new Set(listeners().map(({ port }) => port)).size).toBe(3);
  putRoute('a', 'edge', 2);
  await vi.waitFor(async () => {
    const route = await client.get({ resource: HTTP_ROUTES, namespace: 'shop', name: 'a' });
    const [parent] = fieldsOf(route['status'])['parents'] as readonly unknown[];
    expect(fieldsOf(parent)['conditions']).toMatchObject([
      { observedGeneration: 2 },
      { observedGeneration: 2 },
    ]);
  }, PATIENCE);
  server.remove({ resource: GATEWAYS }, 'inner', 'shop');
  await vi.waitFor(() => expect(() => serviceOf('shop/inner')).toThrow('has no Service'), PATIENCE);
  expect(listeners().map(({ name }) => name)).toEqual(['Gateway shop/edge: http', 'Gateway shop/edge: more']);
  // It is no parent of ours any more: what we said of it goes.
  putRoute('a', 'inner', 3);
  await vi.waitFor(async () => {
    const route = await client.get({ resource: HTTP_ROUTES, namespace: 'shop', name: 'a' });
    expect(fieldsOf(route['status'])['parents']).toEqual([]);
  }, PATIENCE);
});

it('keeps the Service of a Gateway that cannot be served for now, and with it the address', async () => {
  putGateway('edge');
  await cluster.source.start();
  lead();
  await giveAddress('shop/edge', '10.96.7.7');
  putGateway('edge', [HTTP], { addresses: [{ type: 'IPAddress', value: '192.0.2.1' }] });
  await vi.waitFor(
    async () =>
      expect(await conditionOf(GATEWAYS, 'edge', 'Accepted')).toMatchObject({ reason: 'UnsupportedAddress' }),
    PATIENCE,
  );
  expect(listeners()).toEqual([]);
  putGateway('edge');
  await vi.waitFor(() => expect(listeners()).toHaveLength(1), PATIENCE);
  expect(fieldsOf(serviceOf('shop/edge')['spec'])['clusterIPs']).toEqual(['10.96.7.7']);
});

it('makes no Service and writes no status while another replica leads', async () => {
  putGateway('edge');
  await cluster.source.start();
  putRoute('a', 'edge');
  putService('shop', 'b', '10.96.0.3');
  await vi.waitFor(() => expect(cluster.catalog.service('shop/b')).toBeDefined());
  expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
});

it('serves https with the Secret that is named, reads no other, and is dark without', async () => {
  const [pair, next] = [makePair('a.example.com'), makePair('a.example.com')];
  const put = (name: string, { cert, key }: typeof pair): void => {
    const data = { 'tls.crt': btoa(cert), 'tls.key': btoa(key) };
    const metadata = { name, namespace: 'shop' };
    server.put({ resource: SECRETS }, { metadata, type: 'kubernetes.io/tls', data });
  };
  put('www', pair);
  put('unnamed', next);
  putGateway('edge', [
    { name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'www' }] } },
    {
      name: 'dark',
      port: 443,
      hostname: 'dark.example.com',
      protocol: 'HTTPS',
      tls: { certificateRefs: [{ name: 'none' }] },
    },
  ]);
  await cluster.source.start();
  lead();
  await giveAddress('shop/edge', '10.96.7.7');
  await vi.waitFor(
    () =>
      expect(listeners()).toMatchObject([{ certificates: ['shop/www'] }, { certificates: [], hosts: [] }]),
    PATIENCE,
  );
  const shown = (): unknown => cluster.catalog.edge().value.certificates['shop/www']?.certificate;
  expect(shown()).toBe(pair.cert);
  put('www', next);
  await vi.waitFor(() => expect(shown()).toBe(next.cert), PATIENCE);
  put('none', pair);
  await vi.waitFor(() => expect(listeners()[1]?.certificates).toEqual(['shop/none']), PATIENCE);
  const reads = server.requests.filter(({ method, path }) => method === 'GET' && path.includes('/secrets/'));
  expect(reads.map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/secrets/www']);
});
