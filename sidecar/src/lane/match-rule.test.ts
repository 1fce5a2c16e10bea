import type { ColourRule, LaneConfig, MatchRule, ValueMatch } from '@lanekeeper/protocol/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewOf } from './head.fixture.ts';
import { compileRules } from './match-rule.ts';

function laneOf(name: string, match: readonly MatchRule[], priority = 0): LaneConfig {
  return { name, group: 'shop', fallback: ['base'], serviceFallback: {}, match, entries: ['a'], priority };
}

function compile(lanes: readonly LaneConfig[], colouring: readonly ColourRule[] = []) {
  return compileRules({ lanes, colouring, settings: { regionHeader: 'x-region' } });
}

function matches(rule: MatchRule, request: Parameters<typeof viewOf>): boolean {
  const [compiled] = compile([laneOf('gray', [rule])]);
  return compiled?.matches(viewOf(...request)) ?? false;
}

const onHost = (hosts: readonly string[], authority: string): boolean =>
  matches({ hosts }, [{}, { authority }]);
const onPath = (prefix: string, path: string): boolean => matches({ paths: [{ prefix }] }, [{}, { path }]);

describe('compileRules', () => {
  it('asks by priority, larger first, then lane name, then place in the lane', () => {
    const rule = { hosts: ['*'] };
    const lanes = [laneOf('b', [rule, rule]), laneOf('c', [rule], 10), laneOf('a', [rule])];
    expect(compile(lanes).map(({ label }) => label)).toEqual(['c#0', 'a#0', 'b#0', 'b#1']);
    expect(lanes.map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    expect(compile(lanes)[0]).toMatchObject({ lane: 'c', group: 'shop', entries: ['a'] });
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
    [{ regex: '10[0-9]{2}|vip' }, ['1001', 'vip'], ['10011', 'x1001', 'VIP', undefined]],
    [{ regex: '(' }, [], ['(', '', undefined]],
    [
      { range: { from: 2, to: 3.5 } },
      ['2', '3.5', '+3', '03', '2.000'],
      ['1.9', '3.51', '-2', '2 ', '0x3', '2e0', '', 'x', undefined],
    ],
    [{ range: { from: -1 } }, ['-1', '0', '99999999999999999999'], ['-1.1', 'Infinity', undefined]],
    [{ range: { to: 10 } }, ['10', '-5'], ['11', 'NaN', '']],
    [{ percent: 100 }, ['x', 'y'], ['', undefined]],
    [{ percent: 0 }, [], ['x', '', undefined]],
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

describe('rules beside lanes', () => {
  const match: readonly MatchRule[] = [{ hosts: ['*'] }];
  const beside = (name: string, lane: string, priority = 0): ColourRule => ({
    ...{ name, lane, entries: ['shop/edge'], match, priority },
  });

  it('stand among lanes by priority and name of the lane, behind the own rules of their lane', () => {
    const lanes = [laneOf('b', match), laneOf('a', match), laneOf('c', match, 5)];
    const colouring = [beside('z', 'a'), beside('y', 'a'), beside('first', 'b', 9), beside('x', 'c', 5)];
    const labels = compile(lanes, colouring).map(({ label }) => label);
    expect(labels).toEqual(['first#0', 'c#0', 'x#0', 'a#0', 'z#0', 'y#0', 'b#0']);
  });

  it('order lanes of one name by their group, whatever the order they come in', () => {
    const lanes = ['two', 'one'].map((group) => ({ ...laneOf('a', match), group }));
    const groups = (source: readonly LaneConfig[]) => compile(source).map(({ group }) => group);
    expect(groups(lanes)).toEqual(['one', 'two']);
    expect(groups(lanes.toReversed())).toEqual(['one', 'two']);
  });

  it('are of no group and keep their entries', () => {
    const [rule] = compile([], [beside('TrafficLabelRule shop/beta', 'gray')]);
    expect(rule).toMatchObject({ lane: 'gray', group: undefined, entries: ['shop/edge'] });
    expect(rule?.label).toBe('TrafficLabelRule shop/beta#0');
  });
});

describe('regions', () => {
  const rule: MatchRule = { regions: ['eu-1', 'eu-2'] };

  it('are values of the header that the settings name', () => {
    expect(matches(rule, [{ 'x-region': 'eu-2' }])).toBe(true);
    expect(matches(rule, [{ 'x-region': 'EU-2' }])).toBe(false);
    expect(matches(rule, [{ 'x-region': 'eu-1, eu-2' }])).toBe(false);
    expect(matches(rule, [{}])).toBe(false);
    const [compiled] = compileRules({
      ...{ lanes: [laneOf('gray', [rule])], colouring: [], settings: { regionHeader: 'x-geo' } },
    });
    expect(compiled?.matches(viewOf({ 'x-geo': 'eu-1' }))).toBe(true);
  });
});

describe('source networks', () => {
  const from = (clientAddress: string): boolean =>
    matches({ sourceCidrs: ['10.0.0.0/8', '2001:db8::/32'] }, [{}, {}, { clientAddress }]);

  it('hold the address of the client, in whatever spelling', () => {
    expect(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::7'].map(from)).toEqual([true, true, true]);
    expect(['11.0.0.1', '2001:db9::1', '', 'unknown'].map(from)).toEqual([false, false, false, false]);
  });
});

describe('regular expressions', () => {
  it('match whole paths, without the query', () => {
    const onRegex = (regex: string, path: string): boolean => matches({ paths: [{ regex }] }, [{}, { path }]);
    expect(onRegex('/v[0-9]+/.*', '/v12/items?x=1')).toBe(true);
    expect(onRegex('/v[0-9]+', '/v12/items')).toBe(false);
    expect(onRegex('/a', '/xx/a')).toBe(false);
    expect(onRegex('(', '/a')).toBe(false);
  });
});

describe('a percentage of clients', () => {
  const gray = (rule: MatchRule, key: string): boolean =>
    matches({ percent: 50, key: { header: 'X-User' }, ...rule }, [{ 'x-user': key }]);
  const clients = Array.from({ length: 200 }, (_, index) => `user-${index}`);
  const chosen = clients.filter((client) => gray({}, client));

  it('is the same clients every time, whichever way the key is said', () => {
    expect(chosen.length).toBeGreaterThan(70);
    expect(chosen.length).toBeLessThan(130);
    for (const client of clients) {
      const isIn = chosen.includes(client);
      const byCookie = matches({ percent: 50, key: { cookie: 'uid' } }, [{ cookie: `a=b; uid=${client}` }]);
      const byQuery = matches({ percent: 50, key: { query: 'uid' } }, [{}, { path: `/?uid=${client}` }]);
      const byAddress = matches({ percent: 50, key: { sourceIp: true } }, [
        {},
        {},
        { clientAddress: client },
      ]);
      const byValue = matches({ headers: { 'x-user': { percent: 50 } } }, [{ 'x-user': client }]);
      expect([byCookie, byQuery, byAddress, byValue]).toEqual([isIn, isIn, isIn, isIn]);
    }
  });

  it('needs the other conditions of its rule as well', () => {
    const [client = ''] = chosen;
    expect(gray({ hosts: ['b'] }, client)).toBe(true);
    expect(gray({ hosts: ['c'] }, client)).toBe(false);
  });

  it('does not hold without the key where no cookie is set', () => {
    expect(matches({ percent: 100, key: { header: 'x-user' } }, [{}])).toBe(false);
    expect(matches({ percent: 100, key: { header: 'x-user' } }, [{ 'x-user': '' }])).toBe(false);
    expect(matches({ percent: 100, key: { sourceIp: true } }, [{}])).toBe(false);
    expect(matches({ percent: 100 }, [{ cookie: 'lanekeeper-key=k' }])).toBe(false);
    expect(matches({ headers: { 'x-user': { percent: 100 } } }, [{ 'x-user': '' }])).toBe(false);
  });

  it('tells clients apart by our cookie at a gateway, where the request has no other key', () => {
    const atEdge = (rule: MatchRule, cookie: string): boolean =>
      matches({ percent: 50, ...rule }, [{ cookie }, {}, { newKey: () => 'new' }]);
    for (const client of clients) {
      expect(atEdge({}, `lanekeeper-key=${client}`)).toBe(chosen.includes(client));
      expect(atEdge({ key: { header: 'x-user' } }, `lanekeeper-key=${client}`)).toBe(chosen.includes(client));
    }
    const other = clients.find((client) => !chosen.includes(client)) ?? '';
    const [one = ''] = chosen;
    expect(atEdge({ key: { cookie: 'uid' } }, `lanekeeper-key=${one}; uid=${other}`)).toBe(false);
  });

  it('makes a key for a client without one, once a request, and only where the rest of the rule holds', () => {
    let made = 0;
    const newKey = (): string => `key-${(made += 1)}`;
    const rules = compile([
      laneOf('gray', [{ hosts: ['other'], percent: 0 }, { percent: 0 }, { percent: 0 }]),
    ]);
    const view = viewOf({ cookie: 'lanekeeper-key=' }, {}, { newKey });
    expect(rules.map((rule) => rule.matches(view))).toEqual([false, false, false]);
    expect([made, view.newKey]).toEqual([1, 'key-1']);
    const elsewhere = viewOf({}, { authority: 'x' }, { newKey });
    rules[0]?.matches(elsewhere);
    expect([made, elsewhere.newKey]).toEqual([1, undefined]);
    const known = viewOf({ cookie: 'lanekeeper-key=k' }, {}, { newKey });
    rules[1]?.matches(known);
    expect([made, known.newKey]).toEqual([1, undefined]);
  });
});
