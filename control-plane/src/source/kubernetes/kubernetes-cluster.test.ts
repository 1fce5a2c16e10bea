import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import {
  CONFIG_MAPS,
  ENDPOINT_SLICES,
  LEASES,
  NAMESPACES,
  PODS,
  SERVICES,
} from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDiscovery, type Discovery } from '../../publish/create-discovery.ts';
import { DiscoveryClient } from '../../testing/discovery-client.ts';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import type { MeshSource } from '../mesh-source.ts';
import type { Source } from '../source.ts';
import { assembleMesh } from '../assemble-mesh.ts';
import { connectCluster } from './kubernetes-cluster.ts';

const OWN = 'lanekeeper-system';
const TOKEN_REVIEW = {
  status: {
    authenticated: true,
    audiences: ['lanekeeper'],
    user: {
      username: 'system:serviceaccount:shop:default',
      extra: {
        'authentication.kubernetes.io/pod-name': ['a-1'],
        'authentication.kubernetes.io/pod-uid': ['uid-a-1'],
      },
    },
  },
};

/** Beside the cluster, and in trouble. */
const NACOS: Source = {
  name: 'nacos',
  start: () => Promise.resolve(),
  problems: () => ['registry main: the connection is lost'],
  findings: () => ['registry main: service x: its weight is no number'],
  close: () => undefined,
};

let server: ApiServer;
let client: ApiClient;
let source: MeshSource;
let discovery: Discovery;
let sidecar: DiscoveryClient | undefined;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  server.fault = ({ path }) =>
    path.endsWith('/tokenreviews') ? { kind: 'raw', body: JSON.stringify(TOKEN_REVIEW) } : undefined;
  server.put(
    { resource: NAMESPACES },
    { metadata: { name: 'shop', labels: { 'lanekeeper.io/injection': 'enabled' } } },
  );
  server.put({ resource: LEASES }, { metadata: { name: 'lanekeeper-control-plane', namespace: OWN } });
  server.put({ resource: CONFIG_MAPS }, { metadata: { name: 'lanekeeper-status', namespace: OWN } });
  putService('b', ['10.0.0.1']);
  client = openClient(server.url);
  const [log, metrics] = [createRecordingLog(), new Metrics()];
  const cluster = connectCluster(client, {
    source: { api: {}, namespace: OWN, pod: 'cp-1' },
    clusterDomain: 'cluster.local',
    ...{ log, metrics, statusIntervalMs: 20 },
  });
  source = assembleMesh({
    ...{ catalog: cluster.catalog, cluster, log, registries: [] },
    sources: [
      { source: cluster.source, patience: 'always' },
      { source: NACOS, patience: 'briefly' },
    ],
    authenticator: cluster.reviewTokens('lanekeeper'),
  });
  discovery = createDiscovery({
    config: { listen: { address: '127.0.0.1', port: 0 }, clusterDomain: 'cluster.local', drainTimeoutMs: 0 },
    ...{ source, certificates: undefined, metrics, log },
  });
});

afterEach(async () => {
  sidecar?.close();
  discovery.close();
  await source.drain();
  source.close();
  await server.stop();
});

function putService(name: string, addresses: readonly string[]): void {
  const metadata = { name, namespace: 'shop' };
  const ports = [{ port: 80, targetPort: 8080 }];
  const spec = { type: 'ClusterIP', clusterIPs: ['10.96.0.1'], selector: { app: name }, ports };
  server.put({ resource: SERVICES }, { metadata, spec });
  const endpoints = addresses.map((address) => ({ addresses: [address], conditions: { ready: true } }));
  server.put(
    { resource: ENDPOINT_SLICES },
    {
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      ...{ addressType: 'IPv4', endpoints, ports: [{ name: '', port: 8080 }] },
    },
  );
}

async function connect(): Promise<DiscoveryClient> {
  await source.start();
  const { port } = await discovery.listen();
  sidecar = new DiscoveryClient({ port, token: 'a-token' });
  sidecar.hello({ pod: 'a-1', namespace: 'shop' });
  await sidecar.take();
  return sidecar;
}

it('tells a sidecar the Services of the cluster, and their changes', async () => {
  const client = await connect();
  client.want('host:b', 'ip:10.96.0.1');
  const [service] = (await client.take()).services;
  expect(service).toMatchObject({ id: 'shop/b', value: { addresses: ['10.96.0.1'] } });
  putService('b', ['10.0.0.1', '10.0.0.2']);
  const [changed] = (await client.take()).services;
  expect(changed?.value.endpoints.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
});

it('starts when all has been read, however long the API server takes', async () => {
  const { fault } = server;
  server.fault = (request) =>
    request.path.endsWith('/endpointslices') ? { kind: 'status', status: 503 } : fault(request);
  let hasStarted = false;
  const started = source.start().then(() => (hasStarted = true));
  await vi.waitFor(() =>
    expect(server.requests.filter(({ path }) => path.endsWith('/pods'))).not.toEqual([]),
  );
  expect(hasStarted).toBe(false);
  server.fault = fault;
  await started;
  expect(source.catalog.resolve('host:b.shop')).toEqual(['shop/b']);
});

it('writes down which pods of lanes have no sidecar, how many have one, and what any source has to say', async () => {
  const labels = { app: 'b', 'lanekeeper.io/lane': 'gray' };
  server.put(
    { resource: PODS },
    {
      metadata: { name: 'b-gray', namespace: 'shop', labels },
      spec: { containers: [{ name: 'app' }] },
      status: {
        phase: 'Running',
        podIPs: [{ ip: '10.0.0.7' }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    },
  );
  server.put({ resource: PODS }, { metadata: { name: 'cp-1', namespace: OWN } });
  await connect();
  source.tell({ status: discovery.status, objects: source.findings });
  const place = { resource: CONFIG_MAPS, namespace: OWN, name: 'lanekeeper-status' };
  await vi.waitFor(
    async () => {
      const { data } = (await client.get(place)) as { readonly data?: Readonly<Record<string, string>> };
      expect(JSON.parse(data?.['status.json'] ?? '{}')).toMatchObject({
        sidecars: 1,
        notInjected: ['shop/b-gray'],
        objects: NACOS.findings(),
        replicas: [{ pod: 'cp-1', problems: NACOS.problems() }],
      });
    },
    { timeout: 10_000 },
  );
});
