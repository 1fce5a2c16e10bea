import type { MeshConfig } from '@lanekeeper/protocol/model';
import { createPicker } from '@lanekeeper/sidecar/cluster/create-picker';
import { createEndpointLoads } from '@lanekeeper/sidecar/cluster/endpoint-loads';
import { Interests } from '@lanekeeper/sidecar/discovery/interests';
import { createOnDemand, type OnDemand } from '@lanekeeper/sidecar/on-demand';
import { createOutlierDetector, OUTLIER_DEFAULTS } from '@lanekeeper/sidecar/cluster/outlier';
import type { Connection } from '@lanekeeper/sidecar/listen/connection';
import { compileSnapshot } from '@lanekeeper/sidecar/route/compile-snapshot';
import { decideGateway } from '@lanekeeper/sidecar/route/decide-gateway';
import { decideInbound } from '@lanekeeper/sidecar/route/decide-inbound';
import { decideOutbound } from '@lanekeeper/sidecar/route/decide-outbound';
import { decideStream } from '@lanekeeper/sidecar/route/decide-stream';
import type { DecisionContext } from '@lanekeeper/sidecar/route/decision-context';
import type { Decision } from '@lanekeeper/sidecar/route/decision';
import { requestEdits } from '@lanekeeper/sidecar/route/request-edits';
import type { RequestHead } from '@lanekeeper/sidecar/wire/head';

/**
 * How long one decision takes, head to endpoint: 1,000 services of 10 endpoints, 10 lanes, every evidence on, the real picker.
 * Run with `node e2e/bench/decision.ts`. Prints nanoseconds; the aim is a median under 2,000 for each.
 */

const SERVICES = 1000;
const LANES = Array.from({ length: 10 }, (_, index) => `lane-${index}`);
const SAMPLES = 65_536;
/** The quietest counts: a neighbour on the machine only ever adds time. */
const ROUNDS = 7;
const BATCH = 64;

const config = bigMesh();
const compileMs = timeCompile();
const context = contextOf(config);
const heads = Array.from({ length: 4096 }, (_, index) => headOf(index));
const outbound = Array.from({ length: 4096 }, (_, index) =>
  connectionTo('outbound', clusterAddress(index), 80),
);
const inbound = Array.from({ length: 4096 }, (_, index) =>
  connectionTo('inbound', podAddress(index % SERVICES, 0), 8080),
);

const NO_DESTINATION: Connection = { ...connectionAt(outbound, 0), destination: undefined };
const onDemand = askedForAll(config);
const cases: readonly (readonly [string, (index: number) => Decision | Promise<void> | undefined])[] = [
  ['outbound, by address', (index) => decideOutbound(headAt(index), connectionAt(outbound, index), context)],
  ['outbound, by authority', (index) => decideOutbound(headAt(index), NO_DESTINATION, context)],
  ['outbound, with edits', (index) => withEdits(index)],
  ['inbound', (index) => decideInbound(headAt(index), connectionAt(inbound, index), context)],
  ['gateway, 1,000 routes', (index) => decideGateway(headAt(index), NO_DESTINATION, context)],
  ['opaque connection', (index) => decideStream(connectionAt(outbound, index), context)],
  // What a control plane adds to each request: whether its destination was asked for.
  ['asked for, by address', (index) => onDemand.beforeRequest(headAt(index), connectionAt(outbound, index))],
  ['asked for, by authority', (index) => onDemand.beforeRequest(headAt(index), NO_DESTINATION)],
];

process.stdout.write(`compile ${SERVICES} services x 10 endpoints: ${compileMs.toFixed(1)} ms\n`);
process.stdout.write(`${'decision'.padEnd(26)}${'median ns'.padStart(10)}${'p99 ns'.padStart(10)}\n`);
for (const [, decide] of cases) timeBatches(decide);
for (const [name, decide] of cases) {
  const rounds = Array.from({ length: ROUNDS }, () => ({
    median: quantile(timeBatches(decide), 0.5),
    p99: quantile(timeEach(decide), 0.99),
  }));
  const median = Math.min(...rounds.map((round) => round.median));
  const p99 = Math.min(...rounds.map((round) => round.p99));
  process.stdout.write(`${name.padEnd(26)}${median.toFixed(0).padStart(10)}${p99.toFixed(0).padStart(10)}\n`);
}

/** Nanoseconds per decision, averaged over a batch: the clock costs too much to read it twice for each. */
function timeBatches(decide: (index: number) => unknown): Float64Array {
  const samples = new Float64Array(SAMPLES / BATCH);
  for (let sample = 0; sample < samples.length; sample += 1) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < BATCH; index += 1) decide(sample * BATCH + index);
    samples[sample] = Number(process.hrtime.bigint() - start) / BATCH;
  }
  return samples;
}

/** Each decision by itself, the clock's own cost included: the tail must not hide in an average. */
function timeEach(decide: (index: number) => unknown): Float64Array {
  const samples = new Float64Array(SAMPLES);
  for (let index = 0; index < SAMPLES; index += 1) {
    const start = process.hrtime.bigint();
    decide(index);
    samples[index] = Number(process.hrtime.bigint() - start);
  }
  return samples;
}

function quantile(samples: Float64Array, share: number): number {
  return samples.sort()[Math.floor(samples.length * share)] ?? Number.NaN;
}

function withEdits(index: number): Decision {
  const head = headAt(index);
  const decision = decideOutbound(head, connectionAt(outbound, index), context);
  requestEdits(decision, head, 'outbound', context.snapshot.settings);
  return decision;
}

function timeCompile(): number {
  const start = performance.now();
  compileSnapshot(config, { generation: 'bench', namespace: 'default' });
  return performance.now() - start;
}

function bigMesh(): MeshConfig {
  const evidence = { trace: true, inFlight: true, bridge: ['x-mse-tag'] };
  const names = Array.from({ length: SERVICES }, (_, index) => ({
    name: `svc-${index}`,
    namespace: 'default',
  }));
  return {
    settings: {
      baggageKey: 'lane',
      explainHeader: true,
      traceHeaders: [],
      regionHeader: 'x-region',
      mode: 'permissive',
      evidence,
      balancing: { policy: 'least-request', zoneAware: false },
    },
    services: names.map((ref, index) => ({
      ...ref,
      hosts: [`svc-${index}.example.com`],
      addresses: [clusterAddress(index)],
      ports: [{ port: 80, protocol: 'http' as const }],
      endpoints: Array.from({ length: 10 }, (_, place) => ({
        address: podAddress(index, place),
        ports: { 80: 8080 },
        weight: 100,
        healthy: true,
        source: 'file',
        // Half of the endpoints are baseline, the others of five of the ten lanes.
        ...(place < 5 ? {} : { lane: LANES[(index + place) % LANES.length] ?? '' }),
      })),
    })),
    colouring: [],
    groups: [{ name: 'all', services: names, mode: 'permissive', evidence }],
    lanes: LANES.map((name, index) => ({
      name,
      group: 'all',
      fallback: ['base'],
      serviceFallback: {},
      match: [{ headers: { 'x-user-id': { exact: String(index) } } }],
      entries: [],
      priority: index,
    })),
    gateway: {
      trustIncomingTag: false,
      routes: names.map((service) => ({
        hosts: [`${service.name}.default`],
        pathPrefix: '/',
        service,
        port: 80,
      })),
    },
  };
}

function contextOf(mesh: MeshConfig): DecisionContext {
  return {
    snapshot: compileSnapshot(mesh, { generation: 'bench', namespace: 'default' }),
    workload: { app: 'svc-0', namespace: 'default', lane: 'base', pod: 'svc-0-1', zone: undefined },
    links: { lookup: () => undefined },
    inFlight: { verdict: () => LANES[3] },
    picker: createPicker({
      balancing: () => mesh.settings.balancing,
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

/** Everything was asked for before, as on the second request to a destination and all others. */
function askedForAll(mesh: MeshConfig): OnDemand {
  const interests = new Interests({ waitMs: 1_000, own: [] });
  const demand = createOnDemand({ interests, snapshot: () => context.snapshot });
  demand.learn(mesh);
  for (const [index, connection] of outbound.entries()) {
    void demand.beforeConnection(connection);
    void demand.beforeRequest(headAt(index), NO_DESTINATION);
  }
  return demand;
}

/** A third tagged, a third linked only by ids, a third plain. */
function headOf(index: number): RequestHead {
  const fields = new Map([
    ['host', `svc-${index % SERVICES}.default`],
    ['user-agent', 'bench'],
    ['accept', '*/*'],
    ['x-user-id', String(index % 100)],
  ]);
  if (index % 3 === 0) fields.set('baggage', `user=7,lane=${LANES[index % LANES.length] ?? ''}`);
  if (index % 3 === 1) fields.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  return {
    protocol: 'http/1.1',
    method: 'GET',
    authority: `svc-${index % SERVICES}.default`,
    path: '/items/7?q=1',
    headers: { get: (name) => fields.get(name) },
  };
}

function headAt(index: number): RequestHead {
  return heads[index % heads.length] as RequestHead;
}

function connectionAt(connections: readonly Connection[], index: number): Connection {
  return connections[index % connections.length] as Connection;
}

function clusterAddress(index: number): string {
  const service = index % SERVICES;
  return `10.96.${service >> 8}.${service & 255}`;
}

function podAddress(service: number, place: number): string {
  return `10.${place}.${service >> 8}.${service & 255}`;
}

function connectionTo(direction: 'inbound' | 'outbound', address: string, port: number): Connection {
  return {
    direction,
    peer: { address: '10.9.9.9', port: 40_000 },
    local: { address: '127.0.0.1', port: 15_001 },
    destination: { address, port },
  };
}
