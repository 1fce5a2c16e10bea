import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { LogLevel } from '@lanekeeper/runtime/log';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { SidecarConfig } from '../config.ts';
import {
  beginRequest,
  createHarness,
  type Harness,
  type HarnessOptions,
} from '../exchange/exchange.fixture.ts';
import type { ExchangeResult } from '../exchange/exchange.ts';
import type { DecisionContext } from '../route/decision-context.ts';
import { decideOutbound } from '../route/decide-outbound.ts';
import { explain } from '../route/explain.ts';
import { connection, contextOf, DEMO, request } from '../route/mesh.fixture.ts';
import { createAdminServer } from './admin-server.ts';
import type { AdminDeps, MeshState } from './admin-deps.ts';

const LOOPBACK: SocketAddress = { address: '127.0.0.1', port: 0 };

export const CONFIG: SidecarConfig = {
  role: 'sidecar',
  workload: { app: 'a', namespace: 'default', lane: 'base', pod: 'a-1', zone: undefined },
  podAddress: undefined,
  discovery: undefined,
  configFile: '/etc/lanekeeper/mesh.yaml',
  listen: {
    outbound: [LOOPBACK],
    inbound: [LOOPBACK],
    gateway: [],
    gatewayHosts: [],
    admin: LOOPBACK,
    status: LOOPBACK,
  },
  appAddress: undefined,
  untaggedInbound: 'correct',
  probes: {},
  detect: { timeoutMs: 100, tcpPorts: new Set([3306, 110, 25]) },
  limits: {
    connectTimeoutMs: 1,
    headTimeoutMs: 1,
    idleTimeoutMs: 1,
    responseTimeoutMs: 0,
    drainDelayMs: 0,
    drainTimeoutMs: 1,
    maxHeadBytes: 1,
    maxConnections: 1,
  },
  telemetry: {
    hopCapacity: 100,
    accessLogSample: 1,
    logLevel: 'info',
    otlpEndpoint: 'http://user:hunter2@collector:4318/v1/traces?token=hunter2',
  },
};

export interface AdminFixture {
  readonly harness: Harness;
  readonly at: SocketAddress;
  readonly log: { level: LogLevel };
  readonly drains: () => number;
  /** Lets a request to `authority` be decided and end as `result`. */
  send(authority: string, options?: SentRequest): void;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** Again, after `close`. */
  listen(at: SocketAddress): Promise<SocketAddress>;
  close(): Promise<void>;
}

export interface SentRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly result?: ExchangeResult;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface AdminFixtureOptions extends HarnessOptions {
  readonly mesh?: MeshState;
  readonly context?: DecisionContext;
  readonly deps?: Partial<AdminDeps>;
}

/** The real admin server over a real exchange layer and the demo mesh; requests are decided as in the data path. */
export async function startAdmin(options: AdminFixtureOptions = {}): Promise<AdminFixture> {
  const harness = createHarness(options);
  const context = options.context ?? contextOf(DEMO);
  const log: { level: LogLevel } = { level: 'info' };
  let drains = 0;
  const server = createAdminServer({
    hops: harness.hops,
    audit: harness.audit,
    metrics: harness.registry,
    config: CONFIG,
    mesh: () => options.mesh ?? { generation: 'g1', appliedAt: '2026-11-21T00:00:00.000Z', rejected: null },
    snapshot: () => context.snapshot,
    endpointState: (key) => ({ inFlight: key === '10.0.2.1:8080' ? 3 : 0, ejected: key === '10.0.2.2:8080' }),
    explain: (asked) => explain(asked, context),
    directions: ['outbound', 'inbound'],
    log: {
      level: () => log.level,
      setLevel: (level) => void (log.level = level),
      info: () => undefined,
    },
    drain: () => void drains++,
    ...options.deps,
  });
  const at = await server.listen(LOOPBACK);
  return {
    harness,
    at,
    log,
    drains: () => drains,
    send(authority, { headers = {}, path = '/', result = { status: 200 } } = {}) {
      const head = request(authority, headers, path);
      const from = connection('outbound');
      const exchange = beginRequest(harness, decideOutbound(head, from, context), { head, connection: from });
      harness.now.ms += 1.5;
      exchange.end(result);
    },
    ask: (path, asked) => ask(at, path, asked),
    listen: (address) => server.listen(address),
    close: () => server.close(),
  };
}

/** One request on a connection of its own; the path goes out as it is. */
export function ask(
  at: SocketAddress,
  path: string,
  { method = 'GET', headers = {} }: AskOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: at.address, port: at.port, path, method, headers, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
      response.on('error', reject);
    });
    outgoing.end();
  });
}
