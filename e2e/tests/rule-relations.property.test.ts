import { coversRule, excludesRule } from '@lanekeeper/lint/rules/rule-relations';
import type { MatchRule, PathMatch, ValueMatch } from '@lanekeeper/protocol/model';
import { viewOf } from '@lanekeeper/sidecar/lane/head.fixture';
import { compileRules } from '@lanekeeper/sidecar/lane/match-rule';
import type { RequestView } from '@lanekeeper/sidecar/lane/request-view';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

// Few words, so that conditions and requests meet often.
const WORD = fc.constantFrom('a', 'b', 'ab', 'ba', 'abc', '7');
const HOST = fc.constantFrom('a.example.com', 'b.a.example.com', 'example.com', 'other.org');
const PATH = fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab', '/b', '/a/b/c');

const value = fc.oneof<fc.Arbitrary<ValueMatch>[]>(
  fc.record({ exact: WORD }),
  fc.record({ prefix: WORD }),
  fc.record({ suffix: WORD }),
  fc.record({ in: fc.array(WORD, { minLength: 1, maxLength: 3 }) }),
  fc.record({ present: fc.boolean() }),
  fc.record({ regex: fc.constantFrom('a.*', '[ab]+', '7') }),
  fc.record({ percent: fc.constantFrom(0, 50, 100) }),
  fc.constant({ range: { from: 1, to: 9 } }),
);

const path = fc.oneof<fc.Arbitrary<PathMatch>[]>(
  fc.record({ exact: PATH }),
  fc.record({ prefix: PATH }),
  fc.record({ regex: fc.constantFrom('/a.*', '/b') }),
);

const values = fc.dictionary(fc.constantFrom('x', 'constructor'), value, { minKeys: 1, maxKeys: 2 });

function some<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: 1, maxLength: 2 });
}

const CONDITIONS: readonly fc.Arbitrary<MatchRule>[] = [
  fc.record({ hosts: some(fc.oneof(HOST, fc.constantFrom('*', '*.example.com', '*.a.example.com'))) }),
  fc.record({ paths: some(path) }),
  fc.record({ methods: some(fc.constantFrom('GET', 'POST')) }),
  fc.record({ headers: values }),
  fc.record({ cookies: values }),
  fc.record({ query: values }),
  fc.record({ regions: some(WORD) }),
  fc.record({
    sourceCidrs: some(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '192.168.0.0/16')),
  }),
  fc.record({ percent: fc.constantFrom(0, 50, 100) }),
];

/** Of one or two conditions, so that one often says more than the other. */
const rule: fc.Arbitrary<MatchRule> = fc
  .array(fc.oneof(...CONDITIONS), { minLength: 1, maxLength: 2 })
  .map((conditions) => Object.assign({}, ...conditions) as MatchRule);

interface Request {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly values: Readonly<Record<string, string>>;
  readonly region: string;
  readonly client: string;
}

const request: fc.Arbitrary<Request> = fc.record({
  host: HOST,
  path: PATH,
  method: fc.constantFrom('GET', 'POST'),
  values: fc.dictionary(fc.constantFrom('x', 'constructor'), WORD, { maxKeys: 2 }),
  region: WORD,
  client: fc.constantFrom('10.1.2.3', '10.1.9.9', '10.200.0.1', '192.168.1.1', '8.8.8.8'),
});

function viewOfRequest({ host, path: at, method, values: given, region, client }: Request): RequestView {
  const pairs = Object.entries(given).map(([name, text]) => `${name}=${text}`);
  const cookie = pairs.length === 0 ? undefined : pairs.join('; ');
  const fields = { ...given, cookie, 'x-region': region };
  return viewOf(
    fields,
    { authority: host, method, path: `${at}?${pairs.join('&')}` },
    { clientAddress: client },
  );
}

/** Each rule is of a lane of its own, as in lint's worst case: shares are salted by the lane. */
function matches(match: MatchRule, lane: string, view: RequestView): boolean {
  const settings = { regionHeader: 'x-region' };
  const rest = { group: 'g', fallback: [], serviceFallback: {}, entries: [], priority: 0 };
  const [compiled] = compileRules({
    lanes: [{ ...rest, name: lane, match: [match] }],
    colouring: [],
    settings,
  });
  return compiled?.matches(view) ?? false;
}

const RUNS = { numRuns: 3_000 };

describe('what lint says of two rules holds for requests as sidecars match them', () => {
  it('a rule that covers another one matches whatever that one matches', () => {
    let covered = 0;
    fc.assert(
      fc.property(
        rule,
        rule,
        fc.array(request, { minLength: 1, maxLength: 12 }),
        (wide, narrow, requests) => {
          const pairs = [
            [wide, narrow],
            [wide, { ...narrow, ...wide }],
          ] as const;
          for (const [a, b] of pairs) {
            if (!coversRule(a, b)) continue;
            covered += 1;
            for (const each of requests) {
              const view = viewOfRequest(each);
              if (matches(b, 'second', view)) expect(matches(a, 'first', view)).toBe(true);
            }
          }
        },
      ),
      RUNS,
    );
    expect(covered).toBeGreaterThan(50);
  });

  it('rules that exclude each other never match the same request', () => {
    let excluded = 0;
    fc.assert(
      fc.property(rule, rule, fc.array(request, { minLength: 1, maxLength: 12 }), (a, b, requests) => {
        if (!excludesRule(a, b)) return;
        excluded += 1;
        for (const each of requests) {
          const view = viewOfRequest(each);
          expect(matches(a, 'first', view) && matches(b, 'second', view)).toBe(false);
        }
      }),
      RUNS,
    );
    expect(excluded).toBeGreaterThan(50);
  });
});
