import { Metrics } from '@lanekeeper/runtime/metrics';
import type { LogFields } from '@lanekeeper/runtime/log';
import type { Connection } from '../listen/connection.ts';
import type { ProxyErrorCode } from '../proxy-error.ts';
import type { Decision } from '../route/decision.ts';
import type { Endpoint, Service, ServicePort } from '../route/snapshot.ts';
import { describeDecision } from '../route/describe-decision.ts';
import type { HeaderEdit, RequestHead } from '../wire/head.ts';
import { createAccessLog } from './access-log.ts';
import { Audit } from './audit.ts';
import { DataPathMetrics } from './data-path-metrics.ts';
import { HopRing } from './hop-ring.ts';
import { createExchanges, type ExchangeDeps, type Routing } from './request-exchange.ts';

export function endpointOf(key: string, lane = 'base'): Endpoint {
  const [address = '', port = '80'] = key.split(':');
  const pod = `pod-${address}`;
  return {
    key,
    address,
    port: Number(port),
    lane,
    weight: 100,
    zone: undefined,
    pod,
    healthy: true,
    source: 'file',
  };
}

export function servicePortOf(
  name: string,
  candidates: Record<string, number> = { base: 2, gray: 1 },
): ServicePort {
  const service: Service = {
    id: `demo/${name}`,
    name,
    namespace: 'demo',
    policy: {
      group: 'demo',
      mode: 'permissive',
      evidence: { trace: true, inFlight: true, bridge: [] },
      lanes: new Map(),
    },
    ports: new Map(),
    candidates,
    isInLanes: true,
  };
  return { service, port: 80, protocol: 'http', subsets: new Map() };
}

/** A gray request to b's gray endpoint, unless `change` says otherwise. */
export function decisionOf(change: Partial<Decision> = {}): Decision {
  const endpoint = 'endpoint' in change ? change.endpoint : endpointOf('127.0.2.2:80', 'gray');
  return {
    evidence: { lane: 'gray', rung: 'baggage', detail: 'baggage lane=gray', ambiguous: false },
    servicePort: servicePortOf('b'),
    subset: endpoint?.lane,
    fallback: undefined,
    chosen: undefined,
    target: endpoint,
    dropped: [],
    refusal: undefined,
    escape: undefined,
    doubt: undefined,
    generation: 'abc123',
    ...change,
    endpoint,
  };
}

export function requestHead(headers: Readonly<Record<string, string>> = {}, path = '/a'): RequestHead {
  const fields = new Map(Object.entries(headers));
  return {
    protocol: 'http/1.1',
    method: 'GET',
    authority: 'b',
    path,
    headers: { get: (name) => fields.get(name) },
  };
}

export function connectionOf(direction: Connection['direction'] = 'outbound'): Connection {
  const local = { address: '127.0.1.1', port: 15001 };
  return { direction, peer: { address: '127.0.1.9', port: 40000 }, local, destination: undefined };
}

/** Endpoint reports that remember what they were told. */
export class RecordedEndpoints {
  readonly told: string[] = [];
  readonly load = new Map<string, number>();

  started(key: string): void {
    this.load.set(key, (this.load.get(key) ?? 0) + 1);
  }

  finished(key: string): void {
    this.load.set(key, (this.load.get(key) ?? 0) - 1);
  }

  succeeded(key: string): void {
    this.told.push(`${key} ok`);
  }

  failed(key: string, code: ProxyErrorCode): void {
    this.told.push(`${key} ${code}`);
  }
}

export interface Line {
  readonly event: string;
  readonly fields: LogFields;
}

export interface HarnessOptions extends Partial<
  Pick<ExchangeDeps, 'spans' | 'retryBudget' | 'onTraceBegun' | 'random'>
> {
  readonly sample?: number;
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  readonly capacity?: number;
  readonly lanes?: readonly string[];
}

/** A whole exchange layer with a clock that moves by hand. */
export function createHarness(options: HarnessOptions = {}) {
  const now = { ms: 1_000 };
  const registry = new Metrics();
  const lines: Line[] = [];
  const endpoints = new RecordedEndpoints();
  const audit = new Audit();
  const text = { idPrefix: 'test', describe: describeDecision };
  const hops = new HopRing({ capacity: options.capacity ?? 100, ...text });
  const lanes = new Set(options.lanes ?? ['gray']);
  const level = options.level ?? 'info';
  const log = {
    level: () => level,
    info: (fields: LogFields, event: string): void => void lines.push({ fields, event }),
  };
  const exchanges = createExchanges({
    clock: { monotonicMs: () => now.ms, wallMs: () => 1_700_000_000_000 + now.ms },
    metrics: new DataPathMetrics(registry, (lane) => lanes.has(lane)),
    hops,
    accessLog: createAccessLog({ log, sample: options.sample ?? 1, random: () => 0.5, text }),
    audit,
    endpoints,
    retryBudget: options.retryBudget ?? { request: () => undefined, tryRetry: () => true },
    traceIdOf: (headers) => headers.get('traceparent')?.split('-')[1] ?? null,
    spans: options.spans,
    random: options.random ?? (() => 0.5),
    ...(options.onTraceBegun === undefined ? {} : { onTraceBegun: options.onTraceBegun }),
  });
  return { now, registry, lines, endpoints, audit, hops, exchanges };
}

export type Harness = ReturnType<typeof createHarness>;

/** Begins an outbound request; `next` are the decisions that a retry gets, in order. */
export function beginRequest(
  harness: Harness,
  decision: Decision = decisionOf(),
  options: {
    readonly next?: readonly Decision[];
    readonly head?: RequestHead;
    readonly connection?: Connection;
    readonly onEnd?: () => void;
  } = {},
) {
  const next = [...(options.next ?? [])];
  const edits = (of: Decision): HeaderEdit[] => [{ name: 'x-to', value: of.endpoint?.key ?? null }];
  const redecide = (): Routing => {
    const then = next.shift() ?? decision;
    return { decision: then, requestEdits: edits(then), responseEdits: [] };
  };
  return harness.exchanges.begin({
    head: options.head ?? requestHead(),
    connection: options.connection ?? connectionOf(),
    decision,
    requestEdits: edits(decision),
    responseEdits: [],
    redecide,
    ...(options.onEnd === undefined ? {} : { onEnd: options.onEnd }),
  });
}
