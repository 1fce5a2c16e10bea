import type { EdgeMatch } from '@lanekeeper/protocol/edge';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortRules, weightsOf, type RankedRule } from './sort-rules.ts';

function ranked(name: string, match: EdgeMatch, given: Partial<RankedRule> = {}): RankedRule {
  const rule = { name, match, action: { kind: 'forward', backends: [] } } as const;
  return { rule, weights: weightsOf(match), createdAt: '2026-01-01T00:00:00Z', origin: 'shop/a', ...given };
}

function namesOf(rules: readonly RankedRule[]): readonly string[] {
  return sortRules(rules).map(({ name }) => name);
}

const header = { exact: 'x' };

/** As the specification lists its criteria. */
const IN_ORDER: readonly RankedRule[] = [
  ranked('exact', { path: { exact: '/a' } }),
  ranked('regex', { path: { regex: '/a.*' } }),
  ranked('long prefix', { path: { prefix: '/a/b' } }),
  ranked('method and header', { path: { prefix: '/a' }, method: 'GET', headers: { a: header } }),
  ranked('method', { path: { prefix: '/a' }, method: 'GET' }),
  ranked('two headers', { path: { prefix: '/a' }, headers: { a: header, b: header } }),
  ranked('header and query', { path: { prefix: '/a' }, headers: { a: header }, query: { q: header } }),
  ranked('header', { path: { prefix: '/a' }, headers: { a: header } }),
  ranked('query', { path: { prefix: '/a' }, query: { q: header } }),
  ranked('old', { path: { prefix: '/a' } }, { createdAt: '2025-12-31T23:59:59Z', origin: 'shop/z' }),
  ranked('first by name', { path: { prefix: '/a' } }, { origin: 'shop/a' }),
  ranked('second by name', { path: { prefix: '/a' } }, { origin: 'shop/b' }),
  ranked('anything', { path: { prefix: '/' } }),
];

describe('rules of one host', () => {
  it('are asked in the order of the specification, however they came', () => {
    const names = IN_ORDER.map(({ rule }) => rule.name);
    fc.assert(
      fc.property(fc.shuffledSubarray([...IN_ORDER], { minLength: IN_ORDER.length }), (shuffled) => {
        expect(namesOf(shuffled)).toEqual(names);
      }),
    );
  });

  it('of one object that are equal stay in the order in which they stand there', () => {
    expect(namesOf([ranked('first', {}), ranked('second', {}), ranked('third', {})])).toEqual([
      'first',
      'second',
      'third',
    ]);
  });
});
