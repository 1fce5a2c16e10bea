import type { Rung } from '@lanekeeper/protocol/reasons';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Evidence,
  type EvidenceContext,
  SEVERAL,
  readGatewayEvidence,
  readInboundEvidence,
  readOutboundEvidence,
} from './evidence.ts';
import { type Fields, headOf, viewOf } from './head.fixture.ts';
import { compileRules } from './match-rule.ts';
import { createRuleSet, NO_RULES } from './rule-set.ts';
import type { TagConflict } from './tag.ts';

interface World {
  readonly fields: Fields;
  /** Lane of the rule that matches, if any. */
  readonly ruleLane?: string | undefined;
  /** `x-request-id` r1 and traceparent-less `x-call` c1, by the lanes that they were seen with. */
  readonly requestIdLane?: string | undefined;
  readonly callLane?: string | undefined;
  readonly inFlight?: string | undefined;
  readonly workloadLane?: string;
  readonly trace?: boolean;
  readonly useInFlight?: boolean;
  /** The rule colours tagged requests too. */
  readonly overwrite?: boolean;
}

const EVIDENCE = { trace: true, inFlight: true, bridge: ['x-mse-tag'] };

function rulesOf({ ruleLane: lane, overwrite = false }: World): EvidenceContext['rules'] {
  if (lane === undefined) return NO_RULES;
  const rest = { group: 'g', fallback: [], serviceFallback: {}, entries: [], priority: 0 };
  const never = { name: 'never', match: [{ hosts: ['other'] }], ...rest, priority: 1 };
  const matching = { name: lane, match: [{ hosts: ['b'], overwrite }], ...rest };
  const source = { lanes: [never, matching], colouring: [], settings: { regionHeader: 'x-region' } };
  return createRuleSet(compileRules(source));
}

function contextOf(world: World): EvidenceContext {
  const evidence = { ...EVIDENCE, trace: world.trace ?? true, inFlight: world.useInFlight ?? true };
  const seen = new Map([
    ['x-request-id:r1', world.requestIdLane],
    ['x-call:c1', world.callLane],
  ]);
  return {
    settings: {
      baggageKey: 'lane',
      explainHeader: false,
      traceHeaders: ['x-call'],
      regionHeader: 'x-region',
      mode: 'permissive',
      evidence: EVIDENCE,
      balancing: { policy: 'least-request', zoneAware: false },
    },
    policy: { evidence },
    workload: { app: 'a', namespace: 'ns', lane: world.workloadLane ?? 'base', pod: 'a-0', zone: undefined },
    rules: rulesOf(world),
    origin: { clientAddress: '' },
    links: { lookup: (id) => seen.get(id) },
    inFlight: { verdict: () => world.inFlight },
  };
}

const outbound = (world: World): Evidence | TagConflict =>
  readOutboundEvidence(headOf(world.fields), contextOf(world));
const opaque = (world: Omit<World, 'fields'>): Evidence | TagConflict =>
  readOutboundEvidence(undefined, contextOf({ ...world, fields: {} }));
const inbound = (world: World, untagged: 'correct' | 'adopt'): Evidence | TagConflict =>
  readInboundEvidence(headOf(world.fields), contextOf(world), untagged);
const gateway = (world: World, trustIncomingTag: boolean): Evidence | TagConflict =>
  readGatewayEvidence(viewOf(world.fields), contextOf(world), { trustIncomingTag });

describe('readOutboundEvidence', () => {
  it('says which header linked the request to an inbound one', () => {
    expect(outbound({ fields: { 'x-request-id': 'r1' }, requestIdLane: 'gray', inFlight: 'blue' })).toEqual({
      lane: 'gray',
      rung: 'trace',
      detail: 'x-request-id',
      ambiguous: false,
    });
  });

  it('takes an id of a baseline request for evidence of the baseline, in a gray pod too', () => {
    const world = {
      fields: { 'x-request-id': 'r1' },
      requestIdLane: 'base',
      inFlight: 'gray',
      workloadLane: 'gray',
    };
    expect(outbound(world)).toMatchObject({ lane: 'base', rung: 'trace' });
  });

  it('takes requests in flight that are all baseline for evidence of the baseline', () => {
    expect(outbound({ fields: {}, inFlight: 'base', workloadLane: 'gray' })).toMatchObject({
      lane: 'base',
      rung: 'in-flight',
    });
  });

  it('takes the work of a gray pod itself for gray, and that of a baseline pod for baseline', () => {
    expect(outbound({ fields: {}, workloadLane: 'gray' })).toMatchObject({ lane: 'gray', rung: 'workload' });
    expect(outbound({ fields: {} })).toMatchObject({ lane: 'base', rung: 'none', ambiguous: false });
  });

  it('never guesses between several lanes in flight', () => {
    expect(outbound({ fields: {}, inFlight: SEVERAL })).toMatchObject({
      lane: 'base',
      rung: 'none',
      ambiguous: true,
    });
    expect(outbound({ fields: {}, inFlight: SEVERAL, workloadLane: 'gray' })).toMatchObject({
      lane: 'gray',
      rung: 'workload',
      ambiguous: true,
    });
  });

  it('never guesses when the ids link to two lanes, though all in flight are of one', () => {
    const fields = { 'x-request-id': 'r1', 'x-call': 'c1' };
    const ambiguous = { lane: 'base', ambiguous: true };
    expect(outbound({ fields, requestIdLane: 'gray', callLane: 'blue', inFlight: 'gray' })).toMatchObject(
      ambiguous,
    );
    expect(outbound({ fields, requestIdLane: SEVERAL, inFlight: 'gray' })).toMatchObject(ambiguous);
  });

  it('trusts an id that one lane carried over one that several did', () => {
    const fields = { 'x-request-id': 'r1', 'x-call': 'c1' };
    for (const [requestIdLane, callLane] of [
      [SEVERAL, 'gray'],
      ['gray', SEVERAL],
    ]) {
      expect(outbound({ fields, requestIdLane, callLane })).toMatchObject({ lane: 'gray', ambiguous: false });
    }
  });

  it('lets a group turn trace and in-flight evidence off', () => {
    const world = { fields: { 'x-request-id': 'r1' }, requestIdLane: 'gray', inFlight: SEVERAL };
    expect(outbound({ ...world, trace: false })).toMatchObject({ lane: 'base', ambiguous: true });
    expect(outbound({ ...world, trace: false, useInFlight: false })).toMatchObject({
      rung: 'none',
      ambiguous: false,
    });
  });

  it('knows of opaque bytes only what needs no reading', () => {
    expect(opaque({ ruleLane: 'gray', requestIdLane: 'gray' })).toMatchObject({ lane: 'base', rung: 'none' });
    expect(opaque({ inFlight: 'gray' })).toMatchObject({ lane: 'gray', rung: 'in-flight' });
    expect(opaque({ inFlight: SEVERAL })).toMatchObject({ lane: 'base', ambiguous: true });
  });

  it('does not colour a tagged request anew', () => {
    expect(outbound({ fields: { baggage: 'lane=base' }, ruleLane: 'gray' })).toMatchObject({
      rung: 'baggage',
    });
  });
});

describe('readInboundEvidence', () => {
  it('takes the tag, then the rules of an entry, then what untagged means here', () => {
    const tagged = { fields: { 'x-mse-tag': 'blue' }, ruleLane: 'red', workloadLane: 'gray' };
    expect(inbound(tagged, 'adopt')).toMatchObject({ lane: 'blue', rung: 'bridge' });
    const coloured = { fields: {}, ruleLane: 'red', workloadLane: 'gray' };
    expect(inbound(coloured, 'adopt')).toMatchObject({ lane: 'red', rung: 'rule', detail: 'rule red#0' });
    expect(inbound({ fields: {}, workloadLane: 'gray' }, 'adopt')).toMatchObject({
      lane: 'gray',
      rung: 'workload',
    });
    expect(inbound({ fields: {}, workloadLane: 'gray' }, 'correct')).toMatchObject({
      lane: 'base',
      rung: 'none',
    });
  });

  it('does not infer what arrives from what is in flight or was seen', () => {
    const world = { fields: { 'x-request-id': 'r1' }, requestIdLane: 'gray', inFlight: 'gray' };
    expect(inbound(world, 'correct')).toMatchObject({ lane: 'base', rung: 'none' });
  });
});

describe('readGatewayEvidence', () => {
  const forged = { fields: { baggage: 'lane=blue' }, ruleLane: 'gray' };

  it('does not see a tag that it is not told to trust, not even two that contradict each other', () => {
    expect(gateway(forged, false)).toMatchObject({ lane: 'gray', rung: 'rule' });
    expect(gateway({ fields: forged.fields }, false)).toMatchObject({ lane: 'base', rung: 'none' });
    expect(gateway({ fields: { baggage: 'lane=a,lane=b' } }, false)).toMatchObject({ lane: 'base' });
  });

  it('keeps a tag that it is told to trust, and does not colour it anew', () => {
    expect(gateway(forged, true)).toMatchObject({ lane: 'blue', rung: 'baggage' });
    expect(gateway({ fields: { baggage: 'lane=a,lane=b' } }, true)).toHaveProperty('conflict');
  });
});

describe('a rule that overwrites', () => {
  const tagged = { fields: { baggage: 'lane=blue' }, ruleLane: 'gray', overwrite: true };

  it('colours a request that carries a trusted tag, and says what it took the place of', () => {
    const expected = { lane: 'gray', rung: 'rule', detail: 'rule gray#0 instead of baggage lane=blue' };
    expect(inbound(tagged, 'correct')).toMatchObject(expected);
    expect(gateway(tagged, true)).toMatchObject(expected);
    expect(gateway(tagged, false)).toMatchObject({ lane: 'gray', detail: 'rule gray#0' });
  });

  it('decides where two tags contradict each other', () => {
    const torn = { ...tagged, fields: { baggage: 'lane=blue', 'x-mse-tag': 'red' } };
    expect(inbound(torn, 'correct')).toMatchObject({ lane: 'gray', rung: 'rule' });
    expect(inbound({ ...torn, overwrite: false }, 'correct')).toHaveProperty('conflict');
  });

  it('leaves the tag alone where it does not match', () => {
    const { overwrite, ruleLane } = tagged;
    const elsewhere = contextOf({ fields: {}, overwrite, ruleLane });
    const head = headOf({ baggage: 'lane=blue' }, { authority: 'c' });
    expect(readInboundEvidence(head, elsewhere, 'correct')).toMatchObject({ lane: 'blue', rung: 'baggage' });
  });
});

/** The distinct answers that the ids of the request give. */
function linkedLanes(world: World): string[] {
  const r1 = world.fields['x-request-id'] === undefined ? undefined : world.requestIdLane;
  const c1 = world.fields['x-call'] === undefined ? undefined : world.callLane;
  return [...new Set([r1, c1])].filter((lane) => lane !== undefined);
}

function expectedTag({ fields }: World): { lane: string; rung: Rung } | 'conflict' | undefined {
  const member = fields.baggage?.slice('lane='.length);
  const bridged = fields['x-mse-tag'];
  if (member !== undefined && bridged !== undefined && member !== bridged) return 'conflict';
  if (member !== undefined) return { lane: member, rung: 'baggage' };
  return bridged === undefined ? undefined : { lane: bridged, rung: 'bridge' };
}

/** The ladder as a person would write it down: the rungs in order, the first that says something wins. */
function expectedOf(world: World): { lane: string; rung: Rung; ambiguous: boolean } | 'conflict' {
  const said = (lane: string, rung: Rung) => ({ lane, rung, ambiguous: false });
  const own = world.workloadLane ?? 'base';
  const unsure = { lane: own, rung: own === 'base' ? 'none' : 'workload', ambiguous: true } as const;
  const tag = expectedTag(world);
  if (world.ruleLane !== undefined && (tag === undefined || world.overwrite === true))
    return said(world.ruleLane, 'rule');
  if (tag !== undefined) return tag === 'conflict' ? tag : said(tag.lane, tag.rung);
  const linked = world.trace === true ? linkedLanes(world) : [];
  const single = linked.filter((lane) => lane !== SEVERAL);
  if (single.length === 1 && single[0] !== undefined) return said(single[0], 'trace');
  if (linked.length > 0) return unsure;
  if (world.useInFlight === true && world.inFlight === SEVERAL) return unsure;
  if (world.useInFlight === true && world.inFlight !== undefined) return said(world.inFlight, 'in-flight');
  return own === 'base' ? said('base', 'none') : said(own, 'workload');
}

describe('the ladder, over generated worlds', () => {
  const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined });
  const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
  const lane = fc.constantFrom('gray', 'blue', 'base');
  const laneOrSeveral = fc.constantFrom('gray', 'blue', 'base', SEVERAL);
  const world: fc.Arbitrary<World> = fc.record({
    fields: fc.record({
      baggage: rarely(lane.map((name) => `lane=${name}`)),
      'x-mse-tag': rarely(lane),
      'x-request-id': maybe(fc.constant('r1')),
      'x-call': maybe(fc.constant('c1')),
    }),
    ruleLane: rarely(fc.constantFrom('gray', 'blue')),
    overwrite: fc.boolean(),
    requestIdLane: maybe(laneOrSeveral),
    callLane: maybe(laneOrSeveral),
    inFlight: maybe(laneOrSeveral),
    workloadLane: lane,
    trace: fc.boolean(),
    useInFlight: fc.boolean(),
  });

  it('takes the first rung that says something, and reports that rung', () => {
    const rungs = new Set<string>();
    fc.assert(
      fc.property(world, (generated) => {
        const answer = outbound(generated);
        const expected = expectedOf(generated);
        if (expected === 'conflict') expect(answer).toHaveProperty('conflict');
        else expect(answer).toMatchObject(expected);
        rungs.add('conflict' in answer ? 'conflict' : answer.rung);
      }),
      { numRuns: 10_000 },
    );
    expect(rungs.size).toBe(8);
  });

  it('never names a lane that nothing about the request or the pod names', () => {
    fc.assert(
      fc.property(world, (generated) => {
        const answer = outbound(generated);
        if ('conflict' in answer || answer.lane === 'base') return;
        const { fields, ruleLane, requestIdLane, callLane, inFlight, workloadLane } = generated;
        const named = [
          fields.baggage?.slice(5),
          fields['x-mse-tag'],
          ruleLane,
          requestIdLane,
          callLane,
          inFlight,
        ];
        expect([...named, workloadLane]).toContain(answer.lane);
        if (answer.ambiguous) expect(answer.lane).toBe(workloadLane);
      }),
      { numRuns: 5_000 },
    );
  });
});
