import type { EdgeConfig, EdgeRule } from '@lanekeeper/protocol/edge';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { createEndpointLoads } from '@lanekeeper/sidecar/cluster/endpoint-loads';
import { createOutlierDetector, OUTLIER_DEFAULTS } from '@lanekeeper/sidecar/cluster/outlier';
import { createPicker } from '@lanekeeper/sidecar/cluster/create-picker';
import type { Connection } from '@lanekeeper/sidecar/listen/connection';
import { compileSnapshot } from '@lanekeeper/sidecar/route/compile-snapshot';
import { decideGateway } from '@lanekeeper/sidecar/route/decide-gateway';
import { decideOutbound } from '@lanekeeper/sidecar/route/decide-outbound';
import type { DecisionContext } from '@lanekeeper/sidecar/route/decision-context';
import { edgeHandling } from '@lanekeeper/sidecar/route/edge/edge-handling';
import { requestEdits } from '@lanekeeper/sidecar/route/request-edits';
import { responseEdits } from '@lanekeeper/sidecar/route/response-edits';
import type { RequestHead } from '@lanekeeper/sidecar/wire/head';

/**
 * How long a gateway's decision takes: 2,000 hosts with 5,000 rules before 500 services, beside a sidecar's own decision in the same
 * mesh. Run with `node e2e/bench/edge.ts`. Prints nanoseconds.
 */

const HOSTS = 2000;
const RULES = 5000;
const SERVICES = 500;
const HEADS = 4096;
const BATCH = 64;
const SAMPLES = 2048;
/** The quietest counts: a neighbour on the machine only ever adds time. */
const ROUNDS = 9;

const mesh = bigMesh();
const compileMs = timed(() => snapshotOf(mesh));
const againMs = timed(() => snapshotOf({ ...mesh }));
const context = contextOf(mesh);
const { settings } = mesh;
const heads = Array.from({ length: HEADS }, (_, index) => headOf(index));
const connection: Connection = {
  direction: 'gateway',
  peer: { address: '203.0.113.9', port: 40_000 },
  local: { address: '10.0.0.1', port: 8080 },
  destination: undefined,
  edge: { port: 8080, isTls: false, serverName: undefined },
};
const inMesh = heads.map((head, index): RequestHead => ({ ...head, authority: `svc-${index % SERVICES}` }));

const cases: readonly (readonly [string, (index: number) => unknown])[] = [
  ['sidecar: decision', (index) => decideOutbound(at(inMesh, index), connection, context)],
  ['sidecar: with edits', (index) => sidecarWhole(at(inMesh, index))],
  ['gateway: decision', (index) => decideGateway(at(heads, index), connection, context)],
  ['gateway: with edits', (index) => gatewayWhole(at(heads, index))],
];

process.stdout.write(
  `compile ${HOSTS} hosts, ${RULES} rules, ${SERVICES} services: ${compileMs.toFixed(1)} ms\n`,
);
process.stdout.write(`the next snapshot with the same edge: ${againMs.toFixed(1)} ms\n`);
for (const [, run] of cases) median(run);
for (const [name, run] of cases) {
  const quietest = Math.min(...Array.from({ length: ROUNDS }, () => median(run)));
  process.stdout.write(`${name.padEnd(22)}${quietest.toFixed(0).padStart(8)} ns\n`);
}

function sidecarWhole(head: RequestHead): void {
  const decision = decideOutbound(head, connection, context);
  requestEdits(decision, head, 'outbound', settings);
  responseEdits(decision, head, settings);
}

function gatewayWhole(head: RequestHead): void {
  const decision = decideGateway(head, connection, context);
  const edits = requestEdits(decision, head, 'gateway', settings);
  responseEdits(decision, head, settings);
  edgeHandling(decision, head, () => edits);
}

/** Nanoseconds; the clock costs too much to read it twice for each. */
function median(run: (index: number) => unknown): number {
  const samples = new Float64Array(SAMPLES);
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < BATCH; index += 1) run(sample * BATCH + index);
    samples[sample] = Number(process.hrtime.bigint() - start) / BATCH;
  }
  return samples.sort()[SAMPLES / 2] ?? Number.NaN;
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

function snapshotOf(config: MeshConfig) {
  return compileSnapshot(config, { generation: 'bench', namespace: 'default' });
}

function contextOf(config: MeshConfig): DecisionContext {
  return {
    snapshot: snapshotOf(config),
    workload: { app: '', namespace: 'default', lane: 'base', pod: 'gateway-1', zone: undefined },
    links: { lookup: () => undefined },
    inFlight: { verdict: () => undefined },
    picker: createPicker({
      balancing: () => config.settings.balancing,
      zone: () => undefined,
      clientAddress: '',
      loads: createEndpointLoads(),
      outliers: createOutlierDetector({ ...OUTLIER_DEFAULTS, now: () => performance.now() }),
      random: Math.random,
    }),
    random: Math.random,
    newId: () => 'bench',
    newKey: () => 'bench',
    untaggedInbound: 'correct',
    appAddress: undefined,
  };
}

function bigMesh(): MeshConfig {
  const evidence = { trace: true, inFlight: true, bridge: [] };
  const names = Array.from({ length: SERVICES }, (_, index) => ({
    name: `svc-${index}`,
    namespace: 'default',
  }));
  return {
    settings: {
      ...{ baggageKey: 'lane', explainHeader: false, traceHeaders: [], regionHeader: 'x-region' },
      ...{ mode: 'permissive', evidence, balancing: { policy: 'least-request', zoneAware: false } },
    },
    services: names.map((ref, index) => ({
      ...ref,
      hosts: [],
      addresses: [`10.96.${index >> 8}.${index & 255}`],
      ports: [{ port: 80, protocol: 'http' }],
      endpoints: Array.from({ length: 4 }, (_, place) => ({
        address: `10.${place}.${index >> 8}.${index & 255}`,
        ports: { 80: 8080 },
        ...{ weight: 100, healthy: true, source: 'kubernetes' },
        ...(place === 3 ? { lane: 'gray' } : {}),
      })),
    })),
    groups: [{ name: 'all', services: names, mode: 'permissive', evidence }],
    lanes: [
      {
        ...{ name: 'gray', group: 'all', fallback: ['base'], serviceFallback: {}, entries: [], priority: 0 },
        match: [{ headers: { 'x-user-id': { exact: '7' } } }],
      },
    ],
    colouring: [],
    gateway: { trustIncomingTag: false, routes: [] },
    edge: bigEdge(),
  };
}

/** One listener for all Ingresses, as in a cluster of many tenants: every host has two or three paths. */
function bigEdge(): EdgeConfig {
  const rules = Array.from({ length: RULES }, (_, index) => ({ host: index % HOSTS, rule: ruleOf(index) }));
  const byHost = Map.groupBy(rules, ({ host }) => host);
  const hosts = [...byHost].map(([host, own]) => ({
    host: nameOf(host),
    rules: own.map(({ rule }) => rule).reverse(),
  }));
  const policy = {
    trustIncomingTag: false,
    trustedProxies: ['10.0.0.0/8'],
    proxyProtocol: false,
    allow: [],
    deny: [],
  };
  const listener = {
    name: 'IngressClass lanekeeper: http',
    port: 8080,
    publicPort: 80,
    host: '*',
    certificates: [],
  };
  return { listeners: [{ ...listener, protocol: 'http', policy, hosts }], certificates: {} };
}

function ruleOf(index: number): EdgeRule {
  const place = Math.floor(index / HOSTS);
  const service = { name: `svc-${index % SERVICES}`, namespace: 'default' };
  return {
    name: `Ingress tenant-${index % HOSTS}/web: /${place}`,
    match: { path: { prefix: place === 0 ? '/' : `/part-${place}` } },
    action: { kind: 'forward', backends: [{ service, port: 80, weight: 1 }] },
  };
}

function nameOf(host: number): string {
  return `www.tenant-${host}.example.com`;
}

/** As a browser sends it, one of a hundred coloured. */
function headOf(index: number): RequestHead {
  const fields = new Map([
    ['host', nameOf(index % HOSTS)],
    ['user-agent', 'bench'],
    ['accept', '*/*'],
    ['accept-encoding', 'gzip'],
    ['cookie', 'session=0af7651916cd43dd8448eb211c80319c'],
    ['x-user-id', String(index % 100)],
  ]);
  return {
    protocol: 'http/1.1',
    method: 'GET',
    authority: nameOf(index % HOSTS),
    path: index % 3 === 0 ? '/part-1/items/7?q=1' : '/items/7?q=1',
    headers: { get: (name) => fields.get(name) },
  };
}
