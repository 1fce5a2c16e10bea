import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProxyError } from '../proxy-error.ts';
import {
  beginRequest,
  connectionOf,
  createHarness,
  decisionOf,
  endpointOf,
  requestHead,
} from './exchange.fixture.ts';
import { createOtlpSpans } from './otlp-spans.ts';
import { tracesUrl } from './otlp-post.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const workload = { app: 'a', namespace: 'demo', lane: 'base', pod: 'a-1', zone: undefined };

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code: number };
  readonly traceState?: string;
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** An OTLP/HTTP collector: keeps what it took, answers with the statuses it is given, then with 200. */
async function startCollector(statuses: readonly number[] = []) {
  const left = [...statuses];
  const requests: { path: string; type: string | undefined; body: OtlpBody }[] = [];
  const spans: OtlpSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as OtlpBody;
      requests.push({ path: request.url ?? '', type: request.headers['content-type'], body });
      const status = left.shift() ?? 200;
      if (status === 200)
        spans.push(...body.resourceSpans.flatMap((of) => of.scopeSpans.flatMap((scope) => scope.spans)));
      response.writeHead(status, { 'retry-after': '0' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, requests, spans, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

let collector: Awaited<ReturnType<typeof startCollector>>;
let servers: Server[] = [];

async function collect(statuses: readonly number[] = []) {
  collector = await startCollector(statuses);
  servers.push(collector.server);
  return collector;
}

function otlp(exporter: Parameters<typeof createOtlpSpans>[0]['exporter'] = {}, rootRatio = 1) {
  const metrics = new Metrics();
  const random = () => 0.5;
  const { endpoint } = collector;
  return { metrics, ...createOtlpSpans({ endpoint, workload, metrics, rootRatio, random, exporter }) };
}

function attributesOf(span: OtlpSpan | undefined): Record<string, unknown> {
  return Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));
}

beforeEach(() => {
  servers = [];
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('spans', () => {
  it('continue the trace of the request and become the parent of what comes next', async () => {
    await collect();
    const { spans, close } = otlp();
    const harness = createHarness({ spans });
    const headers = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };
    const fallback = { from: 'gray', to: 'base', reason: 'no-endpoint-in-lane' } as const;
    const decision = decisionOf({ endpoint: endpointOf('127.0.2.1:80'), fallback });
    const exchange = beginRequest(harness, decision, { head: requestHead(headers, '/x?token=secret') });
    const sent = exchange.requestEdits.find((edit) => edit.name === 'traceparent')?.value ?? '';
    expect(exchange.requestEdits.some((edit) => edit.name === 'tracestate')).toBe(false);
    harness.now.ms += 2.25;
    exchange.end({ status: 200 });
    await close();
    const [span] = collector.spans;
    expect(sent).toBe(`00-${TRACE}-${span?.spanId}-01`);
    expect(span).toMatchObject({
      traceId: TRACE,
      parentSpanId: PARENT,
      traceState: 'vendor=1',
      name: 'outbound GET',
      kind: 3,
      startTimeUnixNano: '1700000001000000000',
      endTimeUnixNano: '1700000001002250000',
      status: { code: 0 },
    });
    expect(attributesOf(span)).toMatchObject({
      'http.response.status_code': '200',
      'url.path': '/x',
      'lanekeeper.lane': 'gray',
      'lanekeeper.decision.evidence': 'baggage',
      'lanekeeper.served_by': 'base',
      'lanekeeper.fallback.reason': 'no-endpoint-in-lane',
    });
    expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', type: 'application/json' });
    const resource = { attributes: collector.requests[0]?.body.resourceSpans[0]?.resource.attributes ?? [] };
    expect(JSON.stringify(resource)).toContain('"key":"service.name","value":{"stringValue":"a"}');
  });

  it('leave a trace alone that its caller does not record', async () => {
    await collect();
    const { spans, close } = otlp();
    const exchange = beginRequest(createHarness({ spans }), decisionOf(), {
      head: requestHead({ traceparent: `00-${TRACE}-${PARENT}-00` }),
    });
    expect(exchange.requestEdits.map((edit) => edit.name)).toEqual(['x-to']);
    exchange.end({ status: 200 });
    await close();
    expect(collector.requests).toEqual([]);
  });

  it('begin a trace where there is none, say so to the lane links, and mark failures', async () => {
    await collect();
    const { spans, close } = otlp();
    const begun: string[] = [];
    const harness = createHarness({ spans, onTraceBegun: (id, lane) => begun.push(`${id} ${lane}`) });
    const exchange = beginRequest(harness, decisionOf(), {
      head: requestHead({ traceparent: '00-nonsense', tracestate: 'old=1' }),
      connection: connectionOf('inbound'),
    });
    expect(exchange.requestEdits).toContainEqual({ name: 'tracestate', value: null });
    exchange.end({ status: 502, error: new ProxyError('connect-failed', 'nobody') });
    await close();
    const [span] = collector.spans;
    expect(span).toMatchObject({ kind: 2, status: { code: 2 } });
    expect(span).not.toHaveProperty('parentSpanId');
    expect(begun).toEqual([`${span?.traceId} gray`]);
    expect(attributesOf(span)['error.type']).toBe('connect-failed');
  });

  it('are made of requests that leave the mesh, but change nothing in them', async () => {
    await collect();
    const { spans, close } = otlp();
    const outside = decisionOf({ servicePort: undefined, endpoint: undefined, target: connectionOf().local });
    const exchange = beginRequest(createHarness({ spans }), outside);
    expect(exchange.requestEdits.map((edit) => edit.name)).toEqual(['x-to']);
    exchange.end({ status: 200 });
    await close();
    expect(collector.spans).toHaveLength(1);
  });

  it('are made of the configured share of the traces that begin here', async () => {
    await collect();
    const { spans, close } = otlp({}, 0.4);
    const exchange = beginRequest(createHarness({ spans }));
    expect(exchange.requestEdits.map((edit) => edit.name)).toEqual(['x-to']);
    exchange.end({ status: 200 });
    await close();
    expect(collector.requests).toEqual([]);
  });

  it('survive a collector that is overloaded for a while', async () => {
    await collect([503, 429]);
    const { spans, metrics } = otlp({ delayMs: 1 });
    beginRequest(createHarness({ spans })).end({ status: 200 });
    await vi.waitFor(() => expect(collector.spans).toHaveLength(1));
    await vi.waitFor(() => expect(metrics.expose()).toContain('lanekeeper_spans_exported_total 1'));
    expect(collector.requests).toHaveLength(3);
  });

  it('are dropped and counted: refused, unreachable, or too many; batches stay within their size', async () => {
    await collect([400]);
    const { spans, close, metrics } = otlp({ maxBatch: 2, maxQueue: 3, delayMs: 60_000 });
    const harness = createHarness({ spans });
    for (let index = 0; index < 6; index++) beginRequest(harness).end({ status: 200 });
    await close();
    expect(metrics.expose()).toContain('lanekeeper_spans_dropped_total{reason="refused"} 2');
    expect(metrics.expose()).toContain('lanekeeper_spans_dropped_total{reason="queue-full"} 1');
    expect(metrics.expose()).toContain('lanekeeper_spans_exported_total 3');
    collector.server.close();
    collector.server.closeAllConnections();
    const gone = otlp({ maxBatch: 1, backoff: () => 0 });
    beginRequest(createHarness({ spans: gone.spans })).end({ status: 200 });
    await vi.waitFor(() => expect(gone.metrics.expose()).toContain('{reason="unreachable"} 1'));
    servers = [];
  });
});

describe('the address of the collector', () => {
  it('gets the path of OTLP unless it has it', () => {
    expect(String(tracesUrl('http://c:4318'))).toBe('http://c:4318/v1/traces');
    expect(String(tracesUrl('https://c/otlp/'))).toBe('https://c/otlp/v1/traces');
    expect(String(tracesUrl('http://c:4318/v1/traces'))).toBe('http://c:4318/v1/traces');
  });
});
