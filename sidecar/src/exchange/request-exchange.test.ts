import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProxyError } from '../proxy-error.ts';
import {
  beginRequest,
  connectionOf,
  createHarness,
  decisionOf,
  endpointOf,
  requestHead,
  servicePortOf,
} from './exchange.fixture.ts';

const refused = new ProxyError('connect-failed', 'nobody listens', { retryable: true });
const reset = new ProxyError('upstream-reset', 'cut');
const first = decisionOf({ endpoint: endpointOf('127.0.2.2:80', 'gray') });
const second = decisionOf({ endpoint: endpointOf('127.0.2.3:80', 'gray') });
const third = decisionOf({ endpoint: endpointOf('127.0.2.4:80', 'gray') });

describe('an exchange', () => {
  it('tells metrics, hops, access log, audit and endpoints once, however often it is ended', () => {
    const harness = createHarness();
    let ends = 0;
    const exchange = beginRequest(harness, first, { onEnd: () => ends++ });
    expect(harness.registry.expose()).toContain('lanekeeper_requests_in_flight{direction="outbound"} 1');
    expect(harness.endpoints.load.get('127.0.2.2:80')).toBe(1);
    harness.now.ms += 12.5;
    exchange.responded(200);
    exchange.end({ status: 200 });
    exchange.end({ status: 502, error: reset });
    const exposed = harness.registry.expose();
    expect(exposed).toContain(
      'lanekeeper_requests_total{direction="outbound",service="demo/b",lane="gray",evidence="baggage",served_by="gray",code="200"} 1',
    );
    expect(exposed).toContain(
      'lanekeeper_request_duration_seconds_sum{direction="outbound",service="demo/b",lane="gray"} 0.0125',
    );
    expect(exposed).toContain('lanekeeper_requests_in_flight{direction="outbound"} 0');
    expect(harness.endpoints.told).toEqual(['127.0.2.2:80 ok']);
    expect(harness.endpoints.load.get('127.0.2.2:80')).toBe(0);
    expect(harness.hops.read({}, 10)).toHaveLength(1);
    expect(harness.lines.map((line) => line.event)).toEqual(['request']);
    expect(harness.audit.rows()).toMatchObject([
      { peer: 'demo/b', requests: 1, cameTagged: 1, leftTagged: 1 },
    ]);
    expect(ends).toBe(1);
  });

  it('turns into a hop with everything that the contract names', () => {
    const harness = createHarness();
    const decision = decisionOf({
      endpoint: endpointOf('127.0.2.1:80'),
      fallback: { from: 'gray', to: 'base', reason: 'no-healthy-endpoint' },
      dropped: [{ endpoint: '127.0.2.2:80', reason: 'unhealthy' }],
    });
    const head = requestHead({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }, '/x?y=1');
    const exchange = beginRequest(harness, decision, { head });
    harness.now.ms += 3;
    exchange.end({ status: 200, grpcStatus: 0 });
    expect(harness.hops.read({}, 1)).toEqual([
      {
        time: '2023-11-14T22:13:21.000Z',
        id: 'test-1',
        traceId: 'a'.repeat(32),
        direction: 'outbound',
        protocol: 'http/1.1',
        method: 'GET',
        authority: 'b',
        path: '/x?y=1',
        lane: 'gray',
        evidence: { rung: 'baggage', detail: 'baggage lane=gray' },
        service: 'demo/b',
        subset: 'base',
        fallback: { from: 'gray', to: 'base', reason: 'no-healthy-endpoint' },
        candidates: { base: 2, gray: 1 },
        dropped: [{ endpoint: '127.0.2.2:80', reason: 'unhealthy' }],
        endpoint: { address: '127.0.2.1:80', pod: 'pod-127.0.2.1', lane: 'base', source: 'file' },
        generation: 'abc123',
        status: 200,
        grpcStatus: 0,
        durationMs: 3,
        attempt: 1,
        error: null,
        why: expect.stringContaining('base') as string,
      },
    ]);
    expect(harness.registry.expose()).toContain(
      'lanekeeper_lane_fallback_total{service="demo/b",from="gray",to="base",reason="no-healthy-endpoint"} 1',
    );
  });

  it('keeps little of a huge request', () => {
    const harness = createHarness();
    const head = { ...requestHead({}, `/${'x'.repeat(60_000)}`), method: 'M'.repeat(500) };
    beginRequest(harness, first, { head }).end({ status: 200 });
    const [hop] = harness.hops.read({}, 1);
    expect([hop?.path.length, hop?.method.length]).toEqual([1025, 33]);
    expect(hop?.path.endsWith('x…')).toBe(true);
    expect(JSON.stringify(harness.lines).length).toBeLessThan(3000);
  });

  it('takes another endpoint after a retryable failure, with the edits of the new decision', () => {
    const harness = createHarness();
    const exchange = beginRequest(harness, first, { next: [second] });
    expect(exchange.retry(refused)).toBe(true);
    expect(exchange.target).toBe(second.endpoint);
    expect(exchange.requestEdits).toEqual([{ name: 'x-to', value: '127.0.2.3:80' }]);
    exchange.responded(200);
    exchange.end({ status: 200 });
    expect(harness.endpoints.told).toEqual(['127.0.2.2:80 connect-failed', '127.0.2.3:80 ok']);
    expect([...harness.endpoints.load.values()]).toEqual([0, 0]);
    expect(harness.hops.read({}, 1)[0]).toMatchObject({ attempt: 2, endpoint: { address: '127.0.2.3:80' } });
    expect(harness.registry.expose()).toContain(
      'lanekeeper_retries_total{service="demo/b",outcome="retried"} 1',
    );
  });

  it.each([
    ['attempts-used-up', [second, third, decisionOf({ endpoint: endpointOf('127.0.2.5:80') })], 3, true],
    ['no-other-endpoint', [decisionOf({ endpoint: undefined, refusal: refused })], 1, true],
    ['no-other-endpoint', [first], 1, true],
    ['budget-exhausted', [second], 1, false],
  ])('gives up with %s and says which endpoint failed', (outcome, next, attempts, tryRetry) => {
    const harness = createHarness({
      retryBudget: { request: () => undefined, tryRetry: () => tryRetry },
    });
    const exchange = beginRequest(harness, first, { next });
    for (let attempt = 1; attempt < attempts; attempt++) expect(exchange.retry(refused)).toBe(true);
    const last = exchange.target;
    expect(exchange.retry(refused)).toBe(false);
    expect(exchange.target).toBe(last);
    exchange.end({ status: 502, error: refused });
    expect(harness.registry.expose()).toContain(
      `lanekeeper_retries_total{service="demo/b",outcome="${outcome}"} 1`,
    );
    expect(harness.endpoints.told).toHaveLength(attempts);
    expect(harness.hops.read({}, 1)[0]).toMatchObject({
      attempt: attempts,
      error: 'connect-failed',
      status: 502,
    });
  });

  it('never retries what is not retryable or has been answered', () => {
    const harness = createHarness();
    expect(beginRequest(harness, first, { next: [second] }).retry(reset)).toBe(false);
    const answered = beginRequest(harness, first, { next: [second] });
    answered.responded(200);
    expect(answered.retry(refused)).toBe(false);
  });

  it('touches no endpoint when it is refused', () => {
    const harness = createHarness();
    const refusal = new ProxyError('no-endpoint', 'none left');
    const exchange = beginRequest(harness, decisionOf({ endpoint: undefined, target: undefined, refusal }));
    expect(exchange.refusal).toBe(refusal);
    exchange.end({ status: 503, error: refusal });
    expect([...harness.endpoints.load]).toEqual([]);
    const exposed = harness.registry.expose();
    expect(exposed).toContain('served_by="none",code="503"} 1');
    expect(exposed).toContain('lanekeeper_errors_total{direction="outbound",error="no-endpoint"} 1');
  });

  it('leaves nothing behind and reports one end, whatever a driver does in whatever order', () => {
    const step = fc.constantFrom('retry', 'reset', 'responded', 'end', 'fail');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const harness = createHarness();
        let ends = 0;
        const exchange = beginRequest(harness, first, { next: [second, third], onEnd: () => ends++ });
        for (const each of [...steps, 'end']) {
          if (each === 'retry') exchange.retry(refused);
          else if (each === 'reset') exchange.retry(reset);
          else if (each === 'responded') exchange.responded(200);
          else exchange.end(each === 'end' ? { status: 200 } : { status: 502, error: reset });
        }
        expect([...harness.endpoints.load.values()].every((load) => load === 0)).toBe(true);
        expect(harness.registry.expose()).toContain('requests_in_flight{direction="outbound"} 0');
        expect(harness.hops.read({}, 10)).toHaveLength(1);
        expect(ends).toBe(1);
      }),
      { numRuns: 500 },
    );
  });
});

describe('metric labels', () => {
  it('stay bounded: forged lanes are unknown, invented statuses are their class', () => {
    const harness = createHarness();
    for (let index = 0; index < 2000; index++) {
      const evidence = { lane: `x${index}`, rung: 'baggage', detail: '', ambiguous: true } as const;
      const fallback = { from: `x${index}`, to: 'base', reason: 'unknown-lane' } as const;
      const decision = decisionOf({ evidence, fallback });
      beginRequest(harness, decision).end({ status: 200 + (index % 400) });
    }
    const exposed = harness.registry.expose();
    expect(exposed).not.toMatch(/lane="x|from="x/);
    expect(exposed).toContain('lane="unknown",evidence="baggage",served_by="gray",code="2xx"');
    expect(exposed).toContain('lanekeeper_lane_ambiguous_total{direction="outbound",service="demo/b"} 2000');
    expect(exposed.split('\n').length).toBeLessThan(150);
  });

  it('keep the total right when there are more services than series', () => {
    const harness = createHarness();
    for (let index = 0; index < 12_000; index++) {
      const decision = decisionOf({ servicePort: servicePortOf(`s${index}`) });
      beginRequest(harness, decision).end({ status: 200 });
    }
    const totals = [...harness.registry.expose().matchAll(/^lanekeeper_requests_total\{.*\} (\d+)$/gm)];
    expect(totals.length).toBeLessThanOrEqual(4001);
    expect(totals.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(12_000);
  });
});

describe('a stream', () => {
  it('is told as a hop and as a stream, not as a request', () => {
    const harness = createHarness();
    const destination = { address: '10.0.0.9', port: 6379 };
    const decision = decisionOf({
      servicePort: undefined,
      endpoint: undefined,
      target: destination,
      subset: undefined,
    });
    const connection = { ...connectionOf(), destination };
    const exchange = harness.exchanges.openStream({ connection, decision, redecide: () => ({ decision }) });
    expect(exchange.target).toBe(destination);
    exchange.end({ status: 0 });
    const exposed = harness.registry.expose();
    expect(exposed).toContain('lanekeeper_streams_total{direction="outbound",service="passthrough"');
    expect(exposed).not.toContain('lanekeeper_requests_total{');
    expect(harness.hops.read({}, 1)[0]).toMatchObject({
      protocol: 'tcp',
      authority: '10.0.0.9:6379',
      service: null,
      endpoint: { address: '10.0.0.9:6379', source: 'outside' },
    });
  });
});

describe('the access log', () => {
  it('writes a sample of the requests, and every failed one', () => {
    const harness = createHarness({ sample: 0.4 });
    beginRequest(harness).end({ status: 200 });
    beginRequest(harness).end({ status: 404 });
    beginRequest(harness).end({ status: 500 });
    beginRequest(harness).end({ status: 499, error: new ProxyError('downstream-closed', 'left') });
    expect(harness.lines.map(({ fields }) => fields['status'])).toEqual([500, 499]);
    expect(harness.lines[0]?.fields).toMatchObject({
      lane: 'gray',
      peer: '127.0.1.9:40000',
      why: expect.any(String),
    });
    expect(harness.lines[0]?.fields).not.toHaveProperty('time');
  });

  it('is silent where the level leaves it out', () => {
    const harness = createHarness({ level: 'warn' });
    beginRequest(harness).end({ status: 500 });
    expect(harness.lines).toEqual([]);
  });
});

describe('a malformed message', () => {
  it('is counted and logged with its code and status', () => {
    const harness = createHarness();
    harness.exchanges.malformed(new ProxyError('head-too-large', 'too large'), connectionOf('inbound'));
    const exposed = harness.registry.expose();
    expect(exposed).toContain('lanekeeper_errors_total{direction="inbound",error="head-too-large"} 1');
    expect(exposed).toContain('code="431"} 1');
    const fields = { direction: 'inbound', peer: '127.0.1.9:40000', status: 431, error: 'head-too-large' };
    expect(harness.lines).toMatchObject([{ event: 'malformed_request', fields }]);
  });
});
