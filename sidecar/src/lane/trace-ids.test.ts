import { ROOT_CONTEXT, defaultTextMapGetter, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fields, headersOf } from './head.fixture.ts';
import { MAX_IDS, MAX_ID_LENGTH, readTraceIds, traceIdOf } from './trace-ids.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const idsOf = (fields: Fields, configured: readonly string[] = []): string[] =>
  readTraceIds(headersOf(fields), configured).map(({ id }) => id);

describe('readTraceIds', () => {
  it('reads the trace id of each convention and names its header', () => {
    const sw8 = `1-${btoa('a4ec.74.16')}-c2Vn-2-c3Zj-aW5z-L2Fw-MTow`;
    expect(
      readTraceIds(headersOf({ traceparent: `00-${TRACE}-${SPAN}-01`, 'x-request-id': 'r 1', sw8 }), []),
    ).toEqual([
      { id: `trace-id:${TRACE}`, header: 'traceparent' },
      { id: 'sw8:a4ec.74.16', header: 'sw8' },
      { id: 'x-request-id:r 1', header: 'x-request-id' },
    ]);
  });

  it('takes one trace for one, whichever of traceparent, b3 and x-b3-traceid carries it', () => {
    const short = 'a3ce929d0e0e4736';
    const padded = [`trace-id:${'0'.repeat(16)}${short}`];
    expect(idsOf({ b3: `${short}-${SPAN}-1` })).toEqual(padded);
    expect(idsOf({ 'x-b3-traceid': short.toUpperCase() })).toEqual(padded);
    expect(idsOf({ traceparent: `00-${'0'.repeat(16)}${short}-${SPAN}-00` })).toEqual(padded);
    expect(idsOf({ traceparent: `00-${TRACE}-${SPAN}-01`, b3: `${TRACE}-${SPAN}` })).toHaveLength(1);
  });

  it('keeps kinds apart that carry the same text', () => {
    const ids = idsOf({ 'x-request-id': TRACE, 'x-b3-traceid': TRACE, 'x-call': TRACE }, ['x-call']);
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    ['b3', '0'],
    ['b3', `${'0'.repeat(32)}-${SPAN}`],
    ['b3', TRACE],
    ['x-b3-traceid', '0'.repeat(16)],
    ['x-b3-traceid', TRACE.slice(1)],
    ['x-b3-traceid', `${TRACE}, ${TRACE}`],
    ['traceparent', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['sw8', '1-'],
    ['sw8', '2-YQ==-x'],
    ['sw8', '1-?-x'],
    ['x-request-id', ''],
    ['x-request-id', 'x'.repeat(MAX_ID_LENGTH + 1)],
    ['sw8', `1-${btoa('x'.repeat(MAX_ID_LENGTH + 1))}-x`],
  ])('takes %s: %j for no id', (header, value) => {
    expect(idsOf({ [header]: value })).toEqual([]);
  });

  it('reads configured headers whole, once, and never more than the bound', () => {
    const configured = Array.from({ length: 2 * MAX_IDS }, (_, place) => `x-id-${place}`);
    const fields = Object.fromEntries(configured.map((name) => [name, 'same']));
    expect(idsOf(fields, ['x-id-0', 'x-id-0'])).toEqual(['x-id-0:same']);
    expect(idsOf(fields, configured)).toHaveLength(MAX_IDS);
    expect(idsOf({ traceparent: `00-${TRACE}-${SPAN}-01` }, ['traceparent'])).toEqual([`trace-id:${TRACE}`]);
  });

  it('judges traceparent as OpenTelemetry does, over valid ones, near misses and noise', () => {
    const hex = (length: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant('0'.repeat(length)),
        fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)),
        fc.stringMatching(new RegExp(`^[0-9a-fA-Fg]{${length - 1},${length + 1}}$`)),
      );
    const version = fc.oneof(fc.constantFrom('00', '00', '01', 'cc', 'ff'), hex(2));
    const tail = fc.constantFrom('', '', '-', '-x', 'x');
    const parent = fc
      .tuple(version, hex(32), hex(16), hex(2), tail)
      .map(([v, id, span, flags, rest]) => `${v}-${id}-${span}-${flags}${rest}`);
    const propagator = new W3CTraceContextPropagator();
    let valid = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: parent }, fc.string()), (traceparent) => {
        if (traceparent !== traceparent.trim()) return;
        const context = propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
        const expected = trace.getSpanContext(context)?.traceId;
        if (expected !== undefined) valid += 1;
        expect(idsOf({ traceparent })).toEqual(expected === undefined ? [] : [`trace-id:${expected}`]);
      }),
      { numRuns: 5_000 },
    );
    expect(valid).toBeGreaterThan(100);
  });

  it('never throws, and every id is bounded', () => {
    const text = fc.option(fc.string({ unit: 'binary', maxLength: 200 }), { nil: undefined });
    const fields = fc.record({
      traceparent: text,
      b3: text,
      'x-b3-traceid': text,
      'x-request-id': text,
      sw8: text,
    });
    fc.assert(
      fc.property(fields, (record) => {
        for (const { id, header } of readTraceIds(headersOf(record), ['x-own'])) {
          expect(id.length).toBeLessThanOrEqual(header.length + 1 + MAX_ID_LENGTH);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('traceIdOf', () => {
  it('is the trace id, else the request id, else null', () => {
    const fields = { 'x-request-id': 'r1', traceparent: `00-${TRACE}-${SPAN}-01` };
    expect(traceIdOf(headersOf(fields))).toBe(TRACE);
    expect(traceIdOf(headersOf({ ...fields, traceparent: 'bad' }))).toBe('r1');
    expect(traceIdOf(headersOf({}))).toBeNull();
  });
});
