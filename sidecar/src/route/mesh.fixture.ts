import type {
  EndpointConfig,
  EvidenceConfig,
  LaneConfig,
  LaneGroupConfig,
  MeshConfig,
  MeshSettings,
  ServiceConfig,
} from '@lanekeeper/protocol/model';
import type { Direction } from '@lanekeeper/protocol/hop';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Picker } from '../cluster/picker.ts';
import type { Connection } from '../listen/connection.ts';
import type { RequestHead } from '../wire/head.ts';
import { compileSnapshot } from './compile-snapshot.ts';
import type { DecisionContext } from './decision-context.ts';
import type { Dropped } from './snapshot.ts';

/** Meshes, requests and connections for the tests of this folder: complete by default, each test says only what matters. */

export const ALL_EVIDENCE: EvidenceConfig = { trace: true, inFlight: true, bridge: [] };

export const SETTINGS: MeshSettings = {
  baggageKey: 'lane',
  explainHeader: false,
  traceHeaders: [],
  regionHeader: 'x-region',
  mode: 'permissive',
  evidence: ALL_EVIDENCE,
  balancing: { policy: 'round-robin', zoneAware: false },
};

export function endpoint(address: string, more: Partial<EndpointConfig> = {}): EndpointConfig {
  return { address, ports: { 80: 8080 }, weight: 100, healthy: true, source: 'file', ...more };
}

export function service(name: string, more: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    name,
    namespace: 'default',
    hosts: [],
    addresses: [],
    ports: [{ port: 80, protocol: 'http' }],
    endpoints: [],
    ...more,
  };
}

export function group(names: readonly string[], more: Partial<LaneGroupConfig> = {}): LaneGroupConfig {
  const services = names.map((name) => ({ name, namespace: 'default' }));
  return { name: 'demo', services, mode: 'permissive', evidence: ALL_EVIDENCE, ...more };
}

export function lane(name: string, more: Partial<LaneConfig> = {}): LaneConfig {
  return {
    name,
    group: 'demo',
    fallback: ['base'],
    serviceFallback: {},
    match: [],
    entries: [],
    priority: 0,
    ...more,
  };
}

export function mesh(more: Partial<MeshConfig> = {}): MeshConfig {
  return {
    settings: SETTINGS,
    services: [],
    groups: [],
    lanes: [],
    colouring: [],
    gateway: { trustIncomingTag: false, routes: [] },
    ...more,
  };
}

export type ContextOptions = Partial<Omit<DecisionContext, 'snapshot' | 'workload'>> & {
  readonly app?: string;
  readonly lane?: string;
  readonly generation?: string;
};

/** A decision context of a pod of `default/<app>`; nothing is in flight and no id was ever seen. */
export function contextOf(config: MeshConfig, options: ContextOptions = {}): DecisionContext {
  const { app = 'a', lane: podLane = 'base', generation = 'g1', ...rest } = options;
  return {
    snapshot: compileSnapshot(config, { generation, namespace: 'default' }),
    workload: { app, namespace: 'default', lane: podLane, pod: `${app}-1`, zone: undefined },
    links: { lookup: () => undefined },
    inFlight: { verdict: () => undefined },
    picker: firstUsable,
    random: () => 0,
    newId: () => 'new-id',
    newKey: () => 'new-key',
    untaggedInbound: 'correct',
    appAddress: { address: '127.0.0.1', port: 3000 },
    ...rest,
  };
}

/** The application's choice, else the first usable endpoint that was not tried. */
export const firstUsable: Picker = {
  pick(subset, { tried, preferred }) {
    const left = subset.usable.filter(({ key }) => tried?.has(key) !== true);
    return left.find(({ key }) => key === preferred?.key) ?? left[0];
  },
  dropped(subset, { tried }) {
    const failed = subset.usable.filter(({ key }) => tried?.has(key) === true);
    const retried = failed.map(({ key }): Dropped => ({ endpoint: key, reason: 'already-tried' }));
    return [...subset.unusable, ...retried];
  },
};

export function request(
  authority: string,
  headers: Readonly<Record<string, string>> = {},
  path = '/',
): RequestHead {
  const fields = new Map(Object.entries(headers));
  return {
    protocol: 'http/1.1',
    method: 'GET',
    authority,
    path,
    headers: { get: (name) => fields.get(name) },
  };
}

export function connection(direction: Direction, destination?: SocketAddress): Connection {
  const local: Record<Direction, number> = { inbound: 15006, outbound: 15001, gateway: 8000 };
  return {
    direction,
    peer: { address: '127.0.0.9', port: 40_000 },
    local: { address: '127.0.0.8', port: local[direction] },
    destination,
  };
}

export function at(text: string): SocketAddress {
  const colon = text.lastIndexOf(':');
  return { address: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** The shape of the playground: A, B, C, each base and gray, plus `z`, which is in no lane. */
export const DEMO = mesh({
  services: [
    service('a', { endpoints: [endpoint('10.0.1.1'), endpoint('10.0.1.2', { lane: 'gray' })] }),
    service('b', {
      addresses: ['10.96.0.2'],
      endpoints: [endpoint('10.0.2.1'), endpoint('10.0.2.2', { lane: 'gray' })],
    }),
    service('c', { endpoints: [endpoint('10.0.3.1'), endpoint('10.0.3.2', { lane: 'gray' })] }),
    service('z', { endpoints: [endpoint('10.0.9.1')] }),
  ],
  groups: [group(['a', 'b', 'c', 'z'])],
  lanes: [lane('gray')],
});
