import type { ColourRule, LaneConfig, MatchRule, ValueMatch } from '@lanekeeper/protocol/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fields, viewOf } from './head.fixture.ts';
import { compileRules, type CompiledRule } from './match-rule.ts';
import { createRuleSet } from './rule-set.ts';

/** Few names and values, so that many rules want the same and requests match some of them. */
const names = fc.constantFrom('x-a', 'X-B', 'x-region');
const words = fc.constantFrom('1', '2', 'gray', 'gray-2', '');
const value: fc.Arbitrary<ValueMatch> = fc.oneof(
  words.map((exact) => ({ exact })),
  words.map((prefix) => ({ prefix })),
  words.map((suffix) => ({ suffix })),
  fc.array(words, { maxLength: 3 }).map((all) => ({ in: all })),
  fc.boolean().map((present) => ({ present })),
  fc.constantFrom('gray.*', '[12]').map((regex) => ({ regex })),
  fc.constant({ range: { from: 1, to: 1.5 } }),
  fc.constantFrom(0, 30, 100).map((percent) => ({ percent })),
);
const values = fc.dictionary(names, value, { maxKeys: 2 });
const hosts = fc.constantFrom('a.example.com', 'b.example.com', '*.example.com', '*.com', 'example.com', '*');
const paths = fc.oneof(
  fc.constantFrom('/', '/a', '/a/b', '/b/').map((prefix) => ({ prefix })),
  fc.constantFrom('/a', '/a/b', '/').map((exact) => ({ exact })),
  fc.constantFrom('/a.*', '/[ab]').map((regex) => ({ regex })),
);
const few = { maxLength: 2 };
const rule: fc.Arbitrary<MatchRule> = fc.record(
  {
    hosts: fc.array(hosts, few),
    paths: fc.array(paths, few),
    methods: fc.array(fc.constantFrom('GET', 'POST'), few),
    headers: values,
    cookies: values,
    query: values,
    regions: fc.array(words, few),
    sourceCidrs: fc.array(fc.constantFrom('10.0.0.0/8', '10.0.0.1'), few),
    percent: fc.constantFrom(0, 50, 100),
    key: fc.constantFrom({ header: 'x-a' }, { cookie: 'x-a' }, { query: 'X-B' }, { sourceIp: true as const }),
    overwrite: fc.boolean(),
  },
  { requiredKeys: [] },
);
const laneRules: fc.Arbitrary<LaneConfig> = fc.record({
  ...{ name: fc.constantFrom('l1', 'l2', 'l3'), group: fc.constantFrom('g', 'h') },
  ...{ fallback: fc.constant([]), serviceFallback: fc.constant({}), entries: fc.constant([]) },
  ...{ match: fc.array(rule, { maxLength: 6 }), priority: fc.integer({ min: 0, max: 2 }) },
});
const besideRules: fc.Arbitrary<ColourRule> = fc.record({
  ...{ name: fc.constantFrom('r', 's'), lane: fc.constantFrom('l1', 'l4'), entries: fc.constant([]) },
  ...{ match: fc.array(rule, { maxLength: 3 }), priority: fc.integer({ min: 0, max: 2 }) },
});
const ruleSources = fc.record({
  lanes: fc.array(laneRules, { maxLength: 8 }),
  colouring: fc.array(besideRules, { maxLength: 3 }),
  settings: fc.constant({ regionHeader: 'x-region' }),
});

const field = fc.option(words, { nil: undefined });
const request = fc.record({
  authority: fc.constantFrom(
    'a.example.com',
    'B.example.com:80',
    'x.y.example.com',
    'example.com',
    'c',
    '',
    '.com',
  ),
  path: fc.constantFrom('/', '/a', '/a/b', '/ab', '/b', '/a?x-a=1&X-B=gray', '/?x-region=2', '*', ''),
  method: fc.constantFrom('GET', 'POST'),
  fields: fc.record({
    'x-a': field,
    'x-b': field,
    'x-region': field,
    cookie: fc.constantFrom(undefined, 'x-a=1', 'X-B=gray; x-a=2', 'x-region=', 'lanekeeper-key=7'),
  }),
  clientAddress: fc.constantFrom('10.0.0.1', '10.9.9.9', '192.0.2.1', ''),
  isEdge: fc.boolean(),
});

type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

function view({ authority, path, method, fields, clientAddress, isEdge }: Asked) {
  const origin = { clientAddress, ...(isEdge ? { newKey: () => 'new' } : {}) };
  return viewOf(fields satisfies Fields, { authority: authority.toLowerCase(), path, method }, origin);
}

describe('find', () => {
  it('finds what asking all rules in a row finds, and makes a key exactly where that does', () => {
    fc.assert(
      fc.property(ruleSources, fc.array(request, { minLength: 1, maxLength: 8 }), (source, requests) => {
        const rules = compileRules(source);
        const set = createRuleSet(rules);
        for (const asked of requests) {
          const [inRow, byIndex] = [view(asked), view(asked)];
          const expected = rules.find((one) => one.matches(inRow));
          expect(set.find(byIndex)).toBe(expected);
          expect(byIndex.newKey).toBe(inRow.newKey);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('asks only rules that the request may match', () => {
    let asked = 0;
    const counting = (one: CompiledRule): CompiledRule => ({
      ...one,
      matches: (of) => {
        asked += 1;
        return one.matches(of);
      },
    });
    const lanes = Array.from({ length: 100 }, (_, lane): LaneConfig => ({
      ...{ name: `l${lane}`, group: 'g', fallback: [], serviceFallback: {}, entries: [], priority: 0 },
      match: [
        { hosts: [`h${lane}.example.com`] },
        { hosts: [`*.h${lane}.example.com`] },
        { headers: { 'x-user': { in: [`u${lane}`, `v${lane}`] } }, paths: [{ prefix: '/' }] },
        { cookies: { tester: { exact: `${lane}` } } },
        { hosts: ['www.example.com'], paths: [{ prefix: `/p${lane}/a` }] },
        { headers: { 'x-user': { regex: `t${lane}-[0-9]+` } } },
        { cookies: { tester: { suffix: `.${lane}` } } },
      ],
    }));
    const set = createRuleSet(
      compileRules({ lanes, colouring: [], settings: { regionHeader: 'r' } }).map(counting),
    );
    const found = set.find(
      viewOf({ 'x-user': 'v7', cookie: 'tester=70' }, { authority: 'www.example.com', path: '/p71/b' }),
    );
    expect(found?.label).toBe('l7#2');
    expect(asked).toBe(1);
    set.find(viewOf({ cookie: 'tester=x' }, { authority: 'a.h50.example.com', path: '/p71/a' }));
    expect(asked).toBe(2);
    expect(set.find(viewOf({ 'x-user': 't50-1', cookie: 'tester=a.60' }))?.label).toBe('l50#5');
    expect(asked).toBe(3);
  });
});

it('overwriting rules keep their order among themselves', () => {
  const match = [{ hosts: ['a'] }, { hosts: ['a'], overwrite: true }, { hosts: ['*'], overwrite: true }];
  const lane = {
    name: 'gray',
    group: 'g',
    fallback: [],
    serviceFallback: {},
    entries: [],
    priority: 0,
    match,
  };
  const set = createRuleSet(compileRules({ lanes: [lane], colouring: [], settings: { regionHeader: 'r' } }));
  expect(set.overwriting?.rules.map(({ label }) => label)).toEqual(['gray#1', 'gray#2']);
  expect(set.overwriting?.find(viewOf({}, { authority: 'b' }))?.label).toBe('gray#2');
  expect(set.overwriting?.overwriting).toBeUndefined();
});
