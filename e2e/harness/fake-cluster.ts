import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CONFIG_MAPS,
  ENDPOINT_SLICES,
  LEASES,
  NAMESPACES,
  PODS,
  SERVICES,
} from '@lanekeeper/kubernetes/resources';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import { ApiServer, type Fault, type SeenRequest } from '@lanekeeper/kubernetes/testing/api-server';
import { CONTROL_PLANE_VARIABLES } from '@lanekeeper/protocol/variables';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { CONTROL_PLANE_PROGRAM } from './control-plane-process.ts';
import { freePort } from './free-port.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { startProcess, type RunningProcess } from './process.ts';

const TLS = fileURLToPath(new URL('../../sidecar/src/discovery/testdata', import.meta.url));
const OWN = 'lanekeeper-system';
export const SHOP = 'shop';

export interface FakePod {
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly isReady?: boolean;
  readonly isTerminating?: boolean;
}

export interface Replica extends RunningProcess {
  readonly pod: string;
  /** Of discovery. */
  readonly port: number;
  /** What it answers there at its status port. */
  read(path: string): Promise<string>;
}

/** An API server of our own with what the chart ships, pods of one namespace, and replicas of the real control plane beside it. */
export interface FakeCluster {
  readonly server: ApiServer;
  /** One port, `http`, at the given port of each address. */
  putService(name: string, addresses: readonly string[], port: number): void;
  /** New, or changed; with a sidecar. */
  putPod(name: string, pod: FakePod): void;
  removePod(name: string): void;
  /** The token that the pod's sidecar shows. */
  tokenOf(pod: string): string;
  /** `variables` by their short names in protocol/variables. */
  startReplica(
    pod: string,
    variables?: Partial<Record<keyof typeof CONTROL_PLANE_VARIABLES, string>>,
  ): Promise<Replica>;
  /** Who holds the Lease; empty: nobody. */
  leader(): string;
  /** Keys of `lanekeeper-status`. */
  statusKeys(): readonly string[];
  close(): Promise<void>;
}

export async function startFakeCluster(): Promise<FakeCluster> {
  const pair = makePair('api-server');
  const server = new ApiServer({ tls: pair });
  await server.start();
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-cluster-'));
  const kubeconfig = writeKubeconfig(folder, server.url, pair.cert);
  server.fault = (request) => reviewToken(request, (pod) => uidOfPod(server, pod));
  for (const name of ['kube-system', SHOP])
    server.put({ resource: NAMESPACES }, { metadata: { name, labels: {} } });
  server.put({ resource: LEASES }, { metadata: { name: 'lanekeeper-control-plane', namespace: OWN } });
  for (const name of ['lanekeeper-status', 'lanekeeper-lanes'])
    server.put({ resource: CONFIG_MAPS }, { metadata: { name, namespace: OWN } });
  const ofOwn = (collection: string, name: string): Readonly<Record<string, unknown>> =>
    server.objects.get(collection, `${OWN}/${name}`) ?? {};
  const replicas: Replica[] = [];
  return {
    server,
    putService: (name, addresses, port) => putService(server, { name, addresses, port }),
    putPod: (name, pod) => void server.put({ resource: PODS }, podObject(name, pod)),
    removePod: (name) => server.remove({ resource: PODS }, name, SHOP),
    tokenOf: (pod) => `token-of-${pod}`,
    async startReplica(pod, variables = {}) {
      server.put({ resource: PODS }, { metadata: { name: pod, namespace: OWN } });
      const replica = await startReplica({ pod, kubeconfig, variables });
      replicas.push(replica);
      return replica;
    },
    leader: () => {
      const lease = ofOwn('coordination.k8s.io/v1/leases', 'lanekeeper-control-plane');
      const holder = fieldsOf(lease['spec'])['holderIdentity'];
      return typeof holder === 'string' ? holder : '';
    },
    statusKeys: () => Object.keys(fieldsOf(ofOwn('/v1/configmaps', 'lanekeeper-status')['data'])),
    async close() {
      await Promise.all(replicas.map((replica) => replica.stop(5_000)));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface ReplicaOptions {
  readonly pod: string;
  readonly kubeconfig: string;
  readonly variables: Partial<Record<keyof typeof CONTROL_PLANE_VARIABLES, string>>;
}

async function startReplica({ pod, kubeconfig, variables }: ReplicaOptions): Promise<Replica> {
  const [port, statusPort] = [await freePort(), await freePort()];
  const values: typeof variables = {
    ...{ source: 'kubernetes', pod, namespace: OWN, drainDelayMs: '0', drainTimeoutMs: '1000' },
    ...{ listen: `127.0.0.1:${port}`, statusListen: `127.0.0.1:${statusPort}` },
    ...{ certificateFile: `${TLS}/tls.crt`, keyFile: `${TLS}/tls.key` },
    ...variables,
  };
  const named = Object.entries(values).map(([name, value]) => [
    CONTROL_PLANE_VARIABLES[name as keyof typeof values],
    value,
  ]);
  const running = await startProcess({
    command: process.execPath,
    args: [CONTROL_PLANE_PROGRAM],
    env: { KUBECONFIG: kubeconfig, ...(Object.fromEntries(named) as Record<string, string>) },
    ready: /"event":"ready"/,
  });
  const read = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${statusPort}${path}`)).text();
  return { ...running, pod, port, read };
}

interface FakeService {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

function putService(server: ApiServer, { name, addresses, port }: FakeService): void {
  const metadata = { name, namespace: SHOP };
  const ports = [{ name: 'http', port: 80, targetPort: port }];
  const spec = { type: 'ClusterIP', clusterIPs: ['10.96.0.1'], selector: { app: name }, ports };
  server.put({ resource: SERVICES }, { metadata, spec });
  const labels = { 'kubernetes.io/service-name': name };
  const endpoints = addresses.map((address) => ({ addresses: [address], conditions: { ready: true } }));
  server.put(
    { resource: ENDPOINT_SLICES },
    { metadata: { ...metadata, labels }, addressType: 'IPv4', endpoints, ports: [{ name: 'http', port }] },
  );
}

function podObject(name: string, { address, labels = {}, annotations = {}, ...state }: FakePod) {
  const { isReady = true, isTerminating = false } = state;
  return {
    metadata: {
      ...{ name, namespace: SHOP, labels, annotations },
      ...(isTerminating ? { deletionTimestamp: new Date().toISOString() } : {}),
    },
    spec: { containers: [{ name: 'app' }, { name: 'lanekeeper-sidecar' }], nodeName: 'node-1' },
    status: {
      phase: 'Running',
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
    },
  };
}

/** `token-of-<pod>` is the token of that pod of the shop, for as long as there is one. */
function reviewToken(
  { path, body }: SeenRequest,
  uidOf: (pod: string) => string | undefined,
): Fault | undefined {
  if (!path.endsWith('/tokenreviews')) return undefined;
  const { token } = fieldsOf(fieldsOf(body)['spec']);
  const pod = /^token-of-(.+)$/.exec(String(token))?.[1] ?? '';
  const uid = uidOf(pod);
  const user = {
    username: `system:serviceaccount:${SHOP}:default`,
    extra: {
      'authentication.kubernetes.io/pod-name': [pod],
      'authentication.kubernetes.io/pod-uid': [uid],
    },
  };
  const status =
    uid === undefined ? { authenticated: false } : { authenticated: true, audiences: ['lanekeeper'], user };
  return { kind: 'raw', body: JSON.stringify({ status }) };
}

function uidOfPod(server: ApiServer, pod: string): string | undefined {
  return server.objects.get('/v1/pods', `${SHOP}/${pod}`)?.metadata.uid;
}
