import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import {
  DEPLOYMENTS,
  INGRESS_CLASSES,
  INGRESSES,
  LEASES,
  SECRETS,
  SERVICES,
} from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import type { EdgeListener, EdgeRule } from '@lanekeeper/protocol/edge';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import type { CertificatePair } from '@lanekeeper/runtime/certificate-files';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GATEWAY_CONFIGS, MSE_INGRESS_CONFIGS } from '../edge/parameters.ts';
import { connectCluster, type KubernetesCluster } from '../kubernetes-cluster.ts';

const OWN = 'lanekeeper-system';
const HOST = 'www.example.com';

let server: ApiServer;
let client: ApiClient;
let cluster: KubernetesCluster;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  server.put({ resource: LEASES }, { metadata: { name: 'lanekeeper-control-plane', namespace: OWN } });
  putClass();
  putService('shop', 'a', '10.96.0.2');
  putService(OWN, 'lanekeeper-gateway', '10.96.0.9');
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

function putClass(more: object = {}): void {
  const spec = { controller: 'lanekeeper.io/gateway', ...more };
  server.put({ resource: INGRESS_CLASSES }, { metadata: { name: 'lanekeeper' }, spec });
}

function putService(namespace: string, name: string, address: string): void {
  const ports = [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }];
  const spec = { type: 'ClusterIP', clusterIPs: [address], selector: { app: name }, ports };
  server.put({ resource: SERVICES }, { metadata: { name, namespace }, spec });
}

function putIngress(more: object = {}, annotations: Readonly<Record<string, string>> = {}, name = 'a'): void {
  const backend = { service: { name: 'a', port: { number: 80 } } };
  const rules = [{ host: HOST, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
  const metadata = { name, namespace: 'shop', annotations, creationTimestamp: '2026-01-01T00:00:00Z' };
  const spec = { ingressClassName: 'lanekeeper', rules, ...more };
  server.put({ resource: INGRESSES }, { metadata, spec });
}

function listeners(protocol: 'http' | 'https'): readonly EdgeListener[] {
  return cluster.catalog.edge().value.listeners.filter((listener) => listener.protocol === protocol);
}

function rules(protocol: 'http' | 'https' = 'http'): readonly EdgeRule[] {
  return listeners(protocol).flatMap(({ hosts }) => hosts.flatMap((host) => host.rules));
}

async function statusOf(name: string): Promise<unknown> {
  return (await client.get({ resource: INGRESSES, namespace: 'shop', name }))['status'];
}

function lead(): void {
  cluster.tell({ status: () => EMPTY, objects: () => [] });
}

const EMPTY = { sidecars: 0, inStep: 0, behind: [], rejected: [], versions: {}, mesh: '', problems: [] };

it('serves an Ingress of its class, follows its changes, and lets those of others be', async () => {
  putIngress();
  putIngress({ ingressClassName: 'nginx' }, {}, 'other');
  await cluster.source.start();
  expect(rules().map(({ name }) => name)).toEqual([`Ingress shop/a: ${HOST}/`]);
  putIngress({}, { 'nginx.ingress.kubernetes.io/proxy-body-size': '1k' });
  await vi.waitFor(() => expect(rules()[0]?.maxBodyBytes).toBe(1024));
  server.remove({ resource: INGRESSES }, 'a', 'shop');
  await vi.waitFor(() => expect(rules()).toEqual([]));
});

it('sends requests to a Service as soon as it is there', async () => {
  server.remove({ resource: SERVICES }, 'a', 'shop');
  putIngress();
  await cluster.source.start();
  expect(rules()[0]?.action).toMatchObject({ backends: [{ service: undefined }] });
  expect(cluster.source.findings()).toContain('Ingress shop/a: there is no Service shop/a');
  putService('shop', 'a', '10.96.0.2');
  await vi.waitFor(() =>
    expect(rules()[0]?.action).toMatchObject({ backends: [{ service: { name: 'a', namespace: 'shop' } }] }),
  );
  expect(cluster.source.findings()).toEqual([]);
});

it('serves https with the Secret that is named, takes a new one over, and serves nothing without', async () => {
  const [leaf, otherLeaf] = [makePair(HOST), makePair(HOST)];
  putIngress({ tls: [{ hosts: [HOST], secretName: 'www' }] });
  await cluster.source.start();
  expect(listeners('https')).toMatchObject([{ host: HOST, certificates: [], hosts: [] }]);
  const put = (pair: CertificatePair): void => {
    const data = { 'tls.crt': btoa(pair.cert), 'tls.key': btoa(pair.key) };
    server.put(
      { resource: SECRETS },
      { metadata: { name: 'www', namespace: 'shop' }, type: 'kubernetes.io/tls', data },
    );
  };
  const shown = (): unknown => cluster.catalog.edge().value.certificates['shop/www']?.certificate;
  put(leaf);
  await vi.waitFor(() => expect(shown()).toBe(leaf.cert));
  expect(rules('https')).toHaveLength(1);
  expect(rules('http')[0]?.action).toMatchObject({ kind: 'redirect', scheme: 'https' });
  put(otherLeaf);
  await vi.waitFor(() => expect(shown()).toBe(otherLeaf.cert));
});

it('says beside the Ingress where it is served, and what of it is not', async () => {
  putIngress({}, { 'nginx.ingress.kubernetes.io/auth-url': 'http://login' });
  await cluster.source.start();
  lead();
  await vi.waitFor(async () =>
    expect(await statusOf('a')).toEqual({ loadBalancer: { ingress: [{ ip: '10.96.0.9' }] } }),
  );
  await vi.waitFor(() => {
    const events = server.requests.filter(
      ({ method, path }) => method === 'POST' && path.endsWith('/events'),
    );
    expect(events.map(({ body }) => JSON.stringify(body)).join()).toContain('auth-url has no effect');
  });
});

it('lets in whom the GatewayConfig of the class lets in, and nobody while there is none', async () => {
  const parameters = { apiGroup: 'lanekeeper.io', kind: 'GatewayConfig', name: 'edge', namespace: OWN };
  putClass({ parameters });
  putIngress();
  await cluster.source.start();
  expect(listeners('http')[0]?.policy.deny).toEqual(['0.0.0.0/0', '::/0']);
  const spec = {
    access: { allow: ['10.0.0.0/8'] },
    trustedProxies: ['10.1.0.0/16'],
    tracing: { sampleRate: 5 },
  };
  server.put({ resource: GATEWAY_CONFIGS }, { metadata: { name: 'edge', namespace: OWN }, spec });
  await vi.waitFor(() =>
    expect(listeners('http')[0]?.policy).toMatchObject({
      ...{ allow: ['10.0.0.0/8'], deny: [], trustedProxies: ['10.1.0.0/16'], traceSampleRate: 5 },
    }),
  );
});

it.each([
  [
    { kind: 'GatewayConfig', name: 'edge', namespace: 'other' },
    'there is no GatewayConfig other/edge that could be in force',
  ],
  [{ kind: 'GatewayConfig', name: 'edge' }, 'its parameters name no namespace'],
  [{ kind: 'ConfigMap', name: 'edge', namespace: OWN }, 'expected GatewayConfig or MseIngressConfig'],
])('lets nobody in by parameters %j, and says why', async (parameters, why) => {
  const spec = { access: { allow: ['10.0.0.0/8'] } };
  server.put({ resource: GATEWAY_CONFIGS }, { metadata: { name: 'edge', namespace: OWN }, spec });
  putClass({ parameters });
  putIngress();
  await cluster.source.start();
  expect(listeners('http')[0]?.policy.deny).toEqual(['0.0.0.0/0', '::/0']);
  expect(cluster.source.findings().join()).toContain(why);
});

it("serves hosts without TLS of their own with the GatewayConfig's certificate, and only where it listens", async () => {
  const parameters = { apiGroup: 'lanekeeper.io', kind: 'GatewayConfig', name: 'edge', namespace: OWN };
  const spec = { listeners: { https: { secret: { name: 'edge-tls' } } } };
  server.put({ resource: GATEWAY_CONFIGS }, { metadata: { name: 'edge', namespace: OWN }, spec });
  putClass({ parameters });
  putIngress();
  await cluster.source.start();
  expect(cluster.catalog.edge().value.listeners).toEqual([]);
  expect(cluster.source.findings().join()).toContain(`there is no Secret ${OWN}/edge-tls`);
  const pair = makePair(HOST);
  const data = { 'tls.crt': btoa(pair.cert), 'tls.key': btoa(pair.key) };
  server.put(
    { resource: SECRETS },
    { metadata: { name: 'edge-tls', namespace: OWN }, type: 'kubernetes.io/tls', data },
  );
  await vi.waitFor(() =>
    expect(listeners('https')).toMatchObject([
      { host: '*', certificates: [`${OWN}/edge-tls`], hosts: [{ host: HOST }] },
    ]),
  );
  expect(listeners('http')).toEqual([]);
  expect(cluster.source.findings()).toEqual([]);
});

it('takes of an MseIngressConfig what maps, and says at it what does not', async () => {
  const parameters = { apiGroup: 'mse.alibabacloud.com', kind: 'MseIngressConfig', name: 'mse' };
  const spec = {
    common: { instance: { spec: '4c8g', replicas: 3 } },
    global: { ipAccessControl: { whitelist: ['10.0.0.0/8'] } },
  };
  server.put({ resource: MSE_INGRESS_CONFIGS }, { metadata: { name: 'mse' }, spec });
  putClass({ parameters });
  putIngress();
  await cluster.source.start();
  lead();
  expect(listeners('http')[0]?.policy).toMatchObject({ allow: ['10.0.0.0/8'], deny: [] });
  await vi.waitFor(async () => {
    const { status } = await client.get({ resource: MSE_INGRESS_CONFIGS, name: 'mse' });
    expect(status).toMatchObject({
      conditions: [{ type: 'LanekeeperMapped', status: 'False', reason: 'PartlyMapped' }],
    });
  });
});

it('keeps as many gateways as the GatewayConfig of the class says, and says so there; another one has no say', async () => {
  const parameters = { apiGroup: 'lanekeeper.io', kind: 'GatewayConfig', name: 'edge', namespace: OWN };
  const fleet = { resource: DEPLOYMENTS, namespace: OWN, name: 'lanekeeper-gateway' };
  server.put(
    { resource: DEPLOYMENTS },
    { metadata: { name: 'lanekeeper-gateway', namespace: OWN }, spec: { replicas: 2 } },
  );
  for (const [name, min] of [
    ['edge', 3],
    ['other', 9],
  ] as const) {
    const spec = { replicas: { min } };
    server.put({ resource: GATEWAY_CONFIGS }, { metadata: { name, namespace: OWN }, spec });
  }
  putClass({ parameters });
  await cluster.source.start();
  expect((await client.get(fleet))['spec']).toEqual({ replicas: 2 });
  lead();
  const conditionOf = async (name: string): Promise<unknown> => {
    const { status } = await client.get({ resource: GATEWAY_CONFIGS, namespace: OWN, name });
    const { conditions } = status as { conditions: readonly { type: string; reason: string }[] };
    return conditions.find(({ type }) => type === 'Replicas')?.reason;
  };
  await vi.waitFor(async () => expect((await client.get(fleet))['spec']).toEqual({ replicas: 3 }));
  // A status is written once a second at most.
  await vi.waitFor(async () => expect(await conditionOf('edge')).toBe('Scaled'), { timeout: 10_000 });
  await vi.waitFor(async () => expect(await conditionOf('other')).toBe('NotUsed'), { timeout: 10_000 });
});
