import { describe, expect, it } from 'vitest';
import { createHarness, type HarnessOptions } from './exchange/exchange.fixture.ts';
import { createRecordingTracer, type FinishedSpan } from './exchange/recording-tracer.ts';
import { createSpans } from './exchange/spans.ts';
import { createGateway } from './gateway.ts';
import { arriving, edge, headOf, listener, OPEN, rule } from './route/edge/edge.fixture.ts';
import { contextOf, DEMO } from './route/mesh.fixture.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

interface Visit extends HarnessOptions {
  readonly rate?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request through a gateway that samples `rate` per cent of the traces that begin there. */
function visit({ rate, headers = {}, ...options }: Visit) {
  const harness = createHarness(options);
  const policy = rate === undefined ? OPEN : { ...OPEN, traceSampleRate: rate };
  const context = contextOf({ ...DEMO, edge: edge(listener([rule('r')], { policy })) });
  const gateway = createGateway({ context: () => context, exchanges: harness.exchanges });
  const exchange = gateway.begin(headOf({ headers }), arriving());
  const valueOf = (name: string) => exchange.requestEdits.find((edit) => edit.name === name)?.value;
  const [traceparent, tracestate] = [valueOf('traceparent'), valueOf('tracestate')];
  exchange.end({ status: 200 });
  return { traceparent, tracestate, traceId: harness.hops.read({}, 1)[0]?.traceId };
}

function recording() {
  const finished: FinishedSpan[] = [];
  const tracer = createRecordingTracer({
    ...{ rootRatio: 1, random: () => 0.5 },
    onEnd: (span) => finished.push(span),
  });
  return { spans: createSpans(tracer), finished };
}

describe('a request without a trace', () => {
  it.each([
    [0, '00'],
    [50, '00'],
    [50.01, '01'],
    [100, '01'],
  ])('begins one at a gateway that samples %d per cent: flags %s', (rate, flags) => {
    const headers = { 'x-request-id': 'r1', traceparent: '00-nonsense', tracestate: 'old=1' };
    const { traceparent, tracestate, traceId } = visit({ rate, headers, random: () => 0.5 });
    expect(traceparent).toMatch(new RegExp(`^00-[0-9a-f]{32}-[0-9a-f]{16}-${flags}$`));
    expect(tracestate).toBeNull();
    expect(traceId).toBe(traceparent?.split('-')[1]);
  });

  it('begins another one each time', () => {
    const begun = Array.from({ length: 1_000 }, () => visit({ rate: 1 }).traceparent);
    expect(new Set(begun).size).toBe(1_000);
  });

  it('is recorded where it is sampled and there is a collector, and only then', () => {
    const { spans, finished } = recording();
    const { traceparent } = visit({ rate: 60, spans });
    expect(
      finished.map(({ context, parentSpanId }) => [context.traceId, context.spanId, parentSpanId]),
    ).toEqual([[...(traceparent ?? '').split('-').slice(1, 3), undefined]]);
    expect(visit({ rate: 40, spans }).traceparent).toMatch(/-00$/);
    expect(finished).toHaveLength(1);
  });

  it('begins none where no rate is said', () => {
    expect(visit({}).traceparent).toBeUndefined();
  });
});

it.each([
  { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'vendor=1' },
  { traceparent: `00-${TRACE}-${SPAN}-00` },
  { b3: `${TRACE}-${SPAN}-1` },
  { 'x-b3-traceid': TRACE },
])('a request of a trace stays what it is: %j', (headers) => {
  expect(visit({ rate: 100, headers })).toMatchObject({ traceparent: undefined, tracestate: undefined });
});
