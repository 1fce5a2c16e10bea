import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import {
  CONFIG_MAPS,
  ENDPOINT_SLICES,
  LEASES,
  NAMESPACES,
  PODS,
  SERVICES,
  type Resource,
} from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import type { CatalogWriter } from '../../../catalog/create-catalog.ts';
import { createDiscovery, type Discovery } from '../../../publish/create-discovery.ts';
import { DiscoveryClient } from '../../../testing/discovery-client.ts';
import { assembleMesh } from '../../assemble-mesh.ts';
import type { MeshSource } from '../../mesh-source.ts';
import { connectCluster } from '../kubernetes-cluster.ts';
import { LANE_RESOURCES } from './resources.ts';

const OWN = 'lanekeeper-system';

export type Fields = Readonly<Record<string, unknown>>;

/** A pod as a test wants it: ready, with a sidecar. */
export interface GivenPod {
  readonly name: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An API server with a shop in it, and control planes on real sockets. */
export class LaneCluster {
  readonly server = new ApiServer();
  readonly #planes: ControlPlane[] = [];
  #generation = 0;

  async start(): Promise<void> {
    await this.server.start();
    this.server.fault = ({ path, body }) =>
      path.endsWith('/tokenreviews') ? { kind: 'raw', body: reviewOf(body) } : undefined;
    this.server.put(
      { resource: NAMESPACES },
      { metadata: { name: 'shop', labels: { 'lanekeeper.io/injection': 'enabled' } } },
    );
    const own = { namespace: OWN };
    this.server.put({ resource: LEASES }, { metadata: { name: 'lanekeeper-control-plane', ...own } });
    this.server.put({ resource: CONFIG_MAPS }, { metadata: { name: 'lanekeeper-status', ...own } });
  }

  async stop(): Promise<void> {
    for (const plane of this.#planes) await plane.close();
    await this.server.stop();
  }

  /** Serves when all has been read. */
  async controlPlane(pod = 'cp-1'): Promise<ControlPlane> {
    const plane = new ControlPlane(openClient(this.server.url), pod);
    this.#planes.push(plane);
    await plane.start();
    return plane;
  }

  /** As `kubectl apply`: a new generation. */
  declare(kind: string, name: string, spec: unknown, metadata: Fields = {}): KubeObject {
    const resource = resourceOf(kind);
    const { namespace = 'shop', ...rest } = metadata;
    const key = `${String(namespace)}/${name}`;
    const before = this.server.objects.get(collectionOf(resource), key);
    this.#generation += 1;
    const creationTimestamp = before?.metadata['creationTimestamp'] ?? this.createdAt(0);
    return this.server.put(
      { resource },
      {
        ...{ apiVersion: `${resource.group}/${resource.version}`, kind, spec, status: before?.['status'] },
        metadata: {
          ...{ name, namespace: String(namespace), creationTimestamp },
          ...{ generation: this.#generation, ...rest },
        },
      },
    );
  }

  /** A time so many seconds ago, as the API server writes it. */
  createdAt(secondsAgo: number): string {
    return `${new Date(Date.now() - secondsAgo * 1_000).toISOString().slice(0, 19)}Z`;
  }

  remove(kind: string, name: string): void {
    this.server.remove({ resource: resourceOf(kind) }, name, 'shop');
  }

  status(kind: string, name: string): Fields {
    const object = this.server.objects.get(collectionOf(resourceOf(kind)), `shop/${name}`);
    return (object?.['status'] as Fields | undefined) ?? {};
  }

  /** `Accepted=False (Invalid)`. */
  conditions(kind: string, name: string): readonly string[] {
    const { conditions = [] } = this.status(kind, name);
    return (conditions as readonly Fields[]).map(
      ({ type, status, reason }) => `${String(type)}=${String(status)} (${String(reason)})`,
    );
  }

  message(kind: string, name: string, type: string): unknown {
    const { conditions = [] } = this.status(kind, name);
    return (conditions as readonly Fields[]).find((one) => one['type'] === type)?.['message'];
  }

  pod({ name, address, labels }: GivenPod): void {
    this.server.put(
      { resource: PODS },
      {
        metadata: { name, namespace: 'shop', labels },
        spec: { containers: [{ name: 'app' }, { name: 'lanekeeper-sidecar' }] },
        status: {
          phase: 'Running',
          podIPs: [{ ip: address }],
          conditions: [{ type: 'Ready', status: 'True' }],
        },
      },
    );
  }

  /** With an EndpointSlice of these pods. */
  service(name: string, pods: readonly GivenPod[], annotations: Readonly<Record<string, string>> = {}): void {
    for (const pod of pods) this.pod(pod);
    const metadata = { name, namespace: 'shop' };
    this.server.put(
      { resource: SERVICES },
      {
        metadata: { ...metadata, annotations },
        spec: { clusterIPs: ['None'], selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    );
    this.server.put(
      { resource: ENDPOINT_SLICES },
      {
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        endpoints: pods.map((pod) => ({
          addresses: [pod.address],
          conditions: { ready: true },
          targetRef: { kind: 'Pod', name: pod.name },
        })),
        ports: [{ name: '', port: 8080 }],
      },
    );
  }
}

/** One replica. */
export class ControlPlane {
  readonly source: MeshSource;
  /** For what other sources say. */
  readonly catalog: CatalogWriter;
  readonly #discovery: Discovery;
  readonly #clients: DiscoveryClient[] = [];
  #port = 0;

  constructor(client: ApiClient, pod: string) {
    const [log, metrics] = [createRecordingLog(), new Metrics()];
    const cluster = connectCluster(client, {
      source: { api: {}, namespace: OWN, pod },
      clusterDomain: 'cluster.local',
      ...{ log, metrics, lookAgainMs: 50 },
    });
    this.catalog = cluster.catalog;
    this.source = assembleMesh({
      ...{ catalog: cluster.catalog, cluster, log, registries: [] },
      sources: [{ source: cluster.source, patience: 'always' }],
      authenticator: cluster.reviewTokens('lanekeeper'),
    });
    this.#discovery = createDiscovery({
      config: {
        listen: { address: '127.0.0.1', port: 0 },
        ...{ clusterDomain: 'cluster.local', drainTimeoutMs: 0 },
      },
      ...{ source: this.source, certificates: undefined, metrics, log },
    });
  }

  async start(): Promise<void> {
    await this.source.start();
    this.#port = (await this.#discovery.listen()).port;
    this.source.tell({ status: this.#discovery.status, objects: this.source.findings });
  }

  /** A sidecar of that pod, which has said hello. */
  sidecar(pod: string, address?: string): DiscoveryClient {
    const client = new DiscoveryClient({ port: this.#port, token: pod });
    this.#clients.push(client);
    client.hello({ pod, namespace: 'shop', ...(address === undefined ? {} : { address }) });
    return client;
  }

  /** All lanes that are in force, `group name` by name, with what a test asks of them. */
  lanes(): readonly string[] {
    return this.source.catalog
      .mesh()
      .value.lanes.map(({ group, name }) => `${group === '' ? '-' : group} ${name}`)
      .sort();
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#discovery.close();
    await this.source.drain();
    this.source.close();
  }
}

function resourceOf(kind: string): Resource {
  const resource = LANE_RESOURCES.find((one) => one.kind === kind);
  if (resource === undefined) throw new TypeError(`no kind ${kind}`);
  return resource;
}

function collectionOf({ group, version, plural }: Resource): string {
  return `${group}/${version}/${plural}`;
}

/** A token is the name of its pod. */
function reviewOf(body: unknown): string {
  const { token } = (body as { readonly spec: { readonly token: string } }).spec;
  return JSON.stringify({
    status: {
      authenticated: true,
      audiences: ['lanekeeper'],
      user: {
        username: 'system:serviceaccount:shop:default',
        extra: {
          'authentication.kubernetes.io/pod-name': [token],
          'authentication.kubernetes.io/pod-uid': [`uid-${token}`],
        },
      },
    },
  });
}
