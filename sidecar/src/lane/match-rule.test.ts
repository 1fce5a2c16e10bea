import type { LaneConfig, MatchRule, ValueMatch } from '@lanekeeper/protocol/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOf } from './head.fixture.ts';
import { compileRules } from './match-rule.ts';

function laneOf(name: string, match: readonly MatchRule[], priority = 0): LaneConfig {
  return { name, group: 'shop', fallback: ['base'], serviceFallback: {}, match, entries: ['a'], priority };
}

function matches(rule: MatchRule, head: Parameters<typeof headOf>): boolean {
  const [compiled] = compileRules([laneOf('gray', [rule])]);
  return compiled?.matches(headOf(...head)) ?? false;
}

const onHost = (hosts: readonly string[], authority: string): boolean =>
  matches({ hosts }, [{}, { authority }]);
const onPath = (prefix: string, path: string): boolean => matches({ paths: [{ prefix }] }, [{}, { path }]);

describe('compileRules', () => {
  it('asks by priority, larger first, then lane name, then place in the lane', () => {
    const rule = { hosts: ['*'] };
    const lanes = [laneOf('b', [rule, rule]), laneOf('c', [rule], 10), laneOf('a', [rule])];
    expect(compileRules(lanes).map(({ label }) => label)).toEqual(['c#0', 'a#0', 'b#0', 'b#1']);
    expect(lanes.map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    expect(compileRules(lanes)[0]).toMatchObject({ lane: 'c', group: 'shop', entries: ['a'] });
  });

  it('colours nobody by a rule without conditions', () => {
    expect(matches({}, [{}])).toBe(false);
    expect(matches({ hosts: [], paths: [], methods: [], headers: {}, cookies: {}, query: {} }, [{}])).toBe(
      false,
    );
  });

  it('wants every condition of a rule to hold', () => {
    const rule: MatchRule = {
      hosts: ['www.example.com'],
      paths: [{ prefix: '/a' }],
      methods: ['POST'],
      headers: { 'X-User': { exact: '7' } },
      cookies: { tester: { exact: 'yes' } },
      query: { gray: { present: true } },
    };
    const fields = { 'x-user': '7', cookie: 'tester=yes' };
    const line = { authority: 'www.example.com', path: '/a?gray', method: 'POST' };
    expect(matches(rule, [fields, line])).toBe(true);
    expect(matches(rule, [fields, { ...line, authority: 'www.example.org' }])).toBe(false);
    expect(matches(rule, [fields, { ...line, path: '/b?gray' }])).toBe(false);
    expect(matches(rule, [fields, { ...line, path: '/a?grey' }])).toBe(false);
    expect(matches(rule, [fields, { ...line, method: 'GET' }])).toBe(false);
    expect(matches(rule, [{ ...fields, 'x-user': '8' }, line])).toBe(false);
    expect(matches(rule, [{ ...fields, cookie: 'tester=no' }, line])).toBe(false);
  });
});

describe('host conditions', () => {
  it('ignore port, case and a final dot', () => {
    expect(onHost(['WWW.Example.com'], 'www.example.com:8080')).toBe(true);
    expect(onHost(['www.example.com:80'], 'www.example.com.')).toBe(true);
    expect(onHost(['[::1]'], '[::1]:80')).toBe(true);
    expect(onHost(['[::1]'], '[::1]')).toBe(true);
  });

  it('take *.example.com for everything below it, not for itself nor for a name that only ends so', () => {
    expect(onHost(['*.example.com'], 'a.b.example.com')).toBe(true);
    expect(onHost(['*.example.com'], 'example.com')).toBe(false);
    expect(onHost(['*.example.com'], 'badexample.com')).toBe(false);
    expect(onHost(['*.example.com'], '.example.com')).toBe(false);
    expect(onHost(['*'], '')).toBe(true);
    expect(onHost(['a', 'b'], 'b')).toBe(true);
  });
});

describe('path conditions', () => {
  it('match a prefix by whole segments, as PathPrefix of Gateway API does', () => {
    expect(['/a', '/a/', '/a/b', '/a?x=1'].filter((path) => onPath('/a', path))).toHaveLength(4);
    expect(['/ab', '/', '/b/a', '/A'].filter((path) => onPath('/a', path))).toEqual([]);
    expect(onPath('/a/', '/a')).toBe(true);
    expect(onPath('/', '/anything')).toBe(true);
  });

  it('match an exact path without the query', () => {
    const rule: MatchRule = { paths: [{ exact: '/x' }, { exact: '/a' }] };
    expect(matches(rule, [{}, { path: '/a?b=/c' }])).toBe(true);
    expect(matches(rule, [{}, { path: '/a/' }])).toBe(false);
  });
});

describe('value conditions', () => {
  const onHeader = (match: ValueMatch, value: string | undefined): boolean =>
    matches({ headers: { 'x-user': match } }, [{ 'x-user': value }]);

  it.each<[ValueMatch, readonly string[], readonly (string | undefined)[]]>([
    [{ exact: 'ab' }, ['ab'], ['abc', 'AB', '', undefined]],
    [{ prefix: 'ab' }, ['ab', 'abc'], ['cab', undefined]],
    [{ suffix: 'ab' }, ['ab', 'cab'], ['abc', undefined]],
    [{ in: ['a', 'b'] }, ['a', 'b'], ['c', 'a,b', undefined]],
    [{ in: [] }, [], ['', 'a', undefined]],
    [{ present: true }, ['', 'x'], [undefined]],
    [{ present: false }, [], ['', 'x']],
  ])('%j', (match, yes, no) => {
    expect(yes.map((value) => onHeader(match, value))).toEqual(yes.map(() => true));
    expect(no.map((value) => onHeader(match, value))).toEqual(no.map(() => false));
  });

  it('is told by present: false that a field is absent', () => {
    expect(onHeader({ present: false }, undefined)).toBe(true);
  });
});

describe('cookie conditions', () => {
  const onCookie = (cookie: string): boolean => matches({ cookies: { t: { exact: 'yes' } } }, [{ cookie }]);

  it('find the cookie by its whole name; of several the first counts', () => {
    expect(onCookie('a=1; t=yes')).toBe(true);
    expect(onCookie('t=yes;t=no')).toBe(true);
    expect(onCookie('t=no;t=yes')).toBe(false);
    expect(onCookie('xt=yes; T=yes; t; a=t=yes')).toBe(false);
  });
});

describe('query conditions', () => {
  const onQuery = (name: string, value: string, path: string): boolean =>
    matches({ query: { [name]: { exact: value } } }, [{}, { path }]);

  it('decode percent sequences and plus signs, and take the first of several', () => {
    expect(onQuery('käse', 'a b+&é', '/?x=1&k%C3%A4se=a+b%2B%26%C3%A9')).toBe(true);
    expect(onQuery('g', '1', '/?g=1&g=2')).toBe(true);
    expect(onQuery('g', '2', '/?g=1&g=2')).toBe(false);
    expect(onQuery('g', '', '/?g')).toBe(true);
    expect(onQuery('g', 'a=b?', '/?g=a=b?')).toBe(true);
    expect(onQuery('g', '1', '/g=1')).toBe(false);
    expect(onQuery('g', '%zz', '/?g=%zz')).toBe(true);
  });

  it('read what URLSearchParams reads, for every well-formed query', () => {
    const pairs = fc.array(
      fc.tuple(fc.string({ unit: 'grapheme', maxLength: 3 }), fc.string({ unit: 'grapheme' })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(pairs, (entries) => {
        const query = new URLSearchParams(entries);
        const [name] = entries[0] ?? [''];
        expect(onQuery(name, query.get(name) ?? '', `/p?${query.toString()}`)).toBe(true);
        expect(onQuery(name, `${query.get(name)}x`, `/p?${query.toString()}`)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throw, whatever the path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, path) => {
        matches({ query: { [name]: { present: true } }, cookies: { [name]: { present: true } } }, [
          { cookie: path },
          { path: `/?${path}`, authority: path },
        ]);
      }),
      { numRuns: 2_000 },
    );
  });
});
