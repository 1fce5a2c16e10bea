import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INGRESS_CLASSES, INGRESSES } from '@lanekeeper/kubernetes/resources';
import { discoveryVariables } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster } from '../harness/fake-cluster.ts';
import { send, type Place } from '../harness/http-client.ts';
import { loopbackAddress } from '../harness/pods.ts';
import { startSidecar } from '../harness/sidecar-process.ts';

const HOSTS = 2_000;
const GATEWAYS = 3;
const CHANGES = 20;
/** Where the gateway's pods take what comes for Ingresses. */
const HTTP_PORT = 8080;
const REDIRECT = 'nginx.ingress.kubernetes.io/permanent-redirect';

interface Gateway {
  readonly at: Place;
  readonly pid: number;
  stop(): Promise<unknown>;
}

/**
 * How long a change of one of 2,000 Ingresses takes to all gateways, and what they hold for it: a real control plane, real gateways and
 * an API server of ours on one machine. Run with `npm run build && node e2e/bench/large-edge.ts`. The aim is under a second.
 */
async function measure(cluster: FakeCluster, folder: string): Promise<void> {
  const controller = { controller: 'lanekeeper.io/gateway' };
  cluster.server.put({ resource: INGRESS_CLASSES }, { metadata: { name: 'lanekeeper' }, spec: controller });
  cluster.putService('a', ['127.0.0.2'], 80);
  putIngress(cluster, 0, 'http://to/none');
  const { port, pid } = await cluster.startReplica('cp-1', { gatewayAccount: `${SHOP}/default` });
  const gateways: Gateway[] = [];
  try {
    for (let at = 0; at < GATEWAYS; at += 1) gateways.push(await startGateway(cluster, { at, port, folder }));
    await told(gateways, 'http://to/none');
    report('1 host', gateways, pid);
    for (let host = 1; host < HOSTS; host += 1) putIngress(cluster, host, 'http://to/some');
    await eventually(
      'the last host',
      async () => (await locationOf(gateways[0], HOSTS - 1)) !== undefined,
      60_000,
    );
    const took: number[] = [];
    for (let change = 0; change < CHANGES; change += 1) took.push(await timeOf(cluster, gateways, change));
    took.sort((a, b) => a - b);
    console.log(
      `a change to ${GATEWAYS} gateways, ${HOSTS} hosts: median ${took[CHANGES / 2]} ms, slowest ${took.at(-1)} ms`,
    );
    report(`${HOSTS} hosts`, gateways, pid);
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  }
}

async function timeOf(cluster: FakeCluster, gateways: readonly Gateway[], change: number): Promise<number> {
  const startedAt = performance.now();
  putIngress(cluster, change * 7, `http://to/${change}`);
  await Promise.all(
    gateways.map((gateway) =>
      eventually('the change', async () => (await locationOf(gateway, change * 7)) === `http://to/${change}`),
    ),
  );
  return Math.round(performance.now() - startedAt);
}

function putIngress(cluster: FakeCluster, host: number, location: string): void {
  const backend = { service: { name: 'a', port: { number: 80 } } };
  const paths = ['/', '/api', '/static'].map((path) => ({ path, pathType: 'Prefix', backend }));
  const spec = { ingressClassName: 'lanekeeper', rules: [{ host: hostOf(host), http: { paths } }] };
  const metadata = {
    ...{ name: `host-${host}`, namespace: SHOP, creationTimestamp: '2026-01-01T00:00:00Z' },
    annotations: { [REDIRECT]: location },
  };
  cluster.server.put({ resource: INGRESSES }, { metadata, spec });
}

const hostOf = (host: number): string => `host-${host}.example.com`;

async function locationOf(gateway: Gateway | undefined, host: number): Promise<string | undefined> {
  if (gateway === undefined) return undefined;
  const answer = await send(gateway.at, { host: hostOf(host) }).catch(() => undefined);
  return answer?.headers.location;
}

async function told(gateways: readonly Gateway[], location: string): Promise<void> {
  for (const gateway of gateways) {
    await eventually('the first host', async () => (await locationOf(gateway, 0)) === location);
  }
}

interface Start {
  readonly at: number;
  readonly port: number;
  readonly folder: string;
}

async function startGateway(cluster: FakeCluster, { at, port, folder }: Start): Promise<Gateway> {
  const pod = `gateway-${at}`;
  const address = loopbackAddress();
  cluster.putPod(pod, { address });
  const tokenFile = join(folder, pod);
  writeFileSync(tokenFile, cluster.tokenOf(pod));
  const { pid, stop } = await startSidecar({
    variables: {
      ...discoveryVariables(port, tokenFile),
      ...{ role: 'gateway', pod, namespace: SHOP, app: 'gateway', podAddress: address },
      ...{ gatewayListen: 'none', gatewayHost: address },
    },
  });
  return { at: { address, port: HTTP_PORT }, pid, stop: () => stop(0) };
}

function report(what: string, gateways: readonly Gateway[], controlPlane: number): void {
  const held = gateways.map(({ pid }) => residentOf(pid)).join(', ');
  console.log(`${what}: gateways ${held} MiB, control plane ${residentOf(controlPlane)} MiB`);
}

function residentOf(pid: number): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-large-edge-'));
const cluster = await startFakeCluster();
try {
  await measure(cluster, folder);
} finally {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
}
