import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstByHost, indexHosts } from './host-index.ts';
import { findRule, indexRules, type IndexedRule } from './rule-index.ts';

interface TestRule extends IndexedRule {
  readonly isOn: boolean;
}

const segments = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { maxLength: 4 });
const paths = segments.map((parts) => `/${parts.join('/')}`);
const places = fc.oneof(
  fc.record({ kind: fc.constant('exact' as const), path: paths }),
  fc.record({ kind: fc.constant('prefix' as const), path: paths.map((path) => path.replace(/\/+$/, '')) }),
  fc.record({ kind: fc.constant('any' as const) }),
);
const ruleLists = fc
  .array(fc.record({ place: places, isOn: fc.boolean() }), { maxLength: 20 })
  .map((rules) => rules.map((rule, order): TestRule => ({ ...rule, order })));

/** The meaning of a place, without any index. */
function holds({ place }: IndexedRule, pathname: string): boolean {
  if (place.kind === 'any') return true;
  if (place.kind === 'exact') return place.path === pathname;
  return pathname === place.path || pathname.startsWith(`${place.path}/`) || place.path === '';
}

describe('the index of rules', () => {
  it('finds what asking all of them in order finds', () => {
    fc.assert(
      fc.property(ruleLists, paths, (rules, pathname) => {
        const naive = rules.find((rule) => rule.isOn && holds(rule, pathname));
        expect(findRule(indexRules(rules), pathname, ({ isOn }) => isOn)).toBe(naive);
      }),
      { numRuns: 5000 },
    );
  });

  it('asks no rule whose path does not hold', () => {
    fc.assert(
      fc.property(ruleLists, paths, (rules, pathname) => {
        findRule(indexRules(rules), pathname, (rule) => {
          expect(holds(rule, pathname)).toBe(true);
          return false;
        });
      }),
    );
  });
});

const names = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'));
const hosts = fc.oneof(
  names,
  names.map((name) => `*.${name}`),
  fc.constant('*'),
);

function isFor(host: string, name: string): boolean {
  return host === '*' || host === name || (host.startsWith('*.') && name.endsWith(host.slice(1)));
}

describe('the index of hosts', () => {
  it('asks all that a name belongs to, exact before wildcard, the longer before the shorter, `*` last', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hosts, { maxLength: 12 }), names, (declared, name) => {
        const asked: string[] = [];
        firstByHost(indexHosts(declared.map((host) => [host, host])), name, (host) => {
          asked.push(host);
          return undefined;
        });
        const rank = (host: string): number => (host === name ? 1000 : host === '*' ? 0 : host.length);
        const expected = declared.filter((host) => isFor(host, name)).sort((a, b) => rank(b) - rank(a));
        expect(asked).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps the first of two things with one host', () => {
    const index = indexHosts([
      ['A.example.com', 1],
      ['a.example.com', 2],
    ]);
    expect(firstByHost(index, 'a.example.com', (thing) => thing)).toBe(1);
  });
});
