import type { MatchRule } from '@lanekeeper/protocol/model';
import { describe, expect, test } from 'vitest';
import { decodePart } from './decode-part.ts';

function laneOf(rule: string): string {
  return `lanes: [{name: gray, group: "", match: [${rule}]}]`;
}

function ruleOf(text: string): MatchRule | undefined {
  const decoded = decodePart(laneOf(text));
  if ('problems' in decoded) throw new Error(JSON.stringify(decoded.problems));
  return decoded.value.lanes[0]?.match[0];
}

function problemsOf(text: string): readonly string[] {
  const decoded = decodePart(laneOf(text));
  return 'problems' in decoded
    ? decoded.problems.map(
        ({ path, message }) => `${path.replace('lanes[0].match[0]', '').replace(/ .*/, '')}: ${message}`,
      )
    : [];
}

test('reads every condition, what percent hashes, and overwrite', () => {
  const text = `{
    hosts: [WWW.example.com], paths: [{regex: "/v[0-9]+/.*"}], methods: [GET],
    headers: {X-Version: {range: {from: 2, to: 3.5}}, x-user: {regex: "10[0-9]{2}"}, x-id: {percent: 12.25}},
    cookies: {t: {exact: "1"}}, query: {q: {present: false}},
    regions: [eu-1, EU-2], sourceCidrs: [10.0.0.0/8, "fd00::/8", 192.0.2.7],
    percent: 0.01, key: {header: X-User-Id}, overwrite: true}`;
  expect(ruleOf(text)).toEqual({
    hosts: ['www.example.com'],
    paths: [{ regex: '/v[0-9]+/.*' }],
    methods: ['GET'],
    headers: {
      'x-version': { range: { from: 2, to: 3.5 } },
      'x-user': { regex: '10[0-9]{2}' },
      'x-id': { percent: 12.25 },
    },
    cookies: { t: { exact: '1' } },
    query: { q: { present: false } },
    regions: ['eu-1', 'EU-2'],
    sourceCidrs: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'],
    percent: 0.01,
    key: { header: 'x-user-id' },
    overwrite: true,
  });
});

test.each(['{cookie: uid}', '{query: Uid}', '{sourceIp: true}'])('percent may hash %s', (key) => {
  expect(Object.keys(ruleOf(`{percent: 5, key: ${key}}`)?.key ?? {})).toHaveLength(1);
});

describe('the rule is refused, and told where and why:', () => {
  test.each([
    ['{percent: 5.001}', '.percent: expected a number from 0 to 100 with at most two decimals, found 5.001'],
    [
      '{percent: 100.01}',
      '.percent: expected a number from 0 to 100 with at most two decimals, found 100.01',
    ],
    ['{percent: "5"}', '.percent: expected a number from 0 to 100 with at most two decimals, found "5"'],
    ['{percent: 5%}', '.percent: expected a number from 0 to 100 with at most two decimals, found "5%"'],
    ['{percent: 1e1}', '.percent: expected a number from 0 to 100 with at most two decimals, found 1e1'],
    ['{key: {header: x}, hosts: [a]}', '.key: is what percent hashes; there is no percent'],
    ['{overwrite: true}', expect.stringContaining('a rule needs a condition: one of hosts, paths, ')],
    ['{percent: 5, key: {}}', '.key: expected a condition such as exact: value, found a mapping'],
    ['{percent: 5, key: {sourceIp: false}}', '.key.sourceIp: expected true, found false'],
    ['{percent: 5, key: {header: "a b"}}', '.key.header: expected a header name, found "a b"'],
    ['{regions: []}', '.regions: is empty and would match nothing or everything; leave it out or fill it'],
    [
      '{sourceCidrs: [10.0.0.0/33]}',
      '.sourceCidrs[0]: expected a network such as 10.0.0.0/8 or fd00::/8, or a single IP address, found "10.0.0.0/33"',
    ],
    [
      '{headers: {x: {regex: "(a"}}}',
      '.headers.x.regex: is no regular expression (RE2): missing closing ): `(a`',
    ],
    [
      '{paths: [{regex: "/a(?=b)"}]}',
      '.paths[0].regex: is no regular expression (RE2): invalid or unsupported Perl syntax: `(?=`',
    ],
    ['{query: {x: {range: {}}}}', '.query.x.range: expected from, to or both, found a mapping'],
    [
      '{query: {x: {range: {from: 3, to: 2}}}}',
      '.query.x.range: from 3 is greater than to 2; nothing is between them',
    ],
    [
      '{query: {x: {range: {from: "3"}}}}',
      '.query.x.range.from: expected a number of at most 9007199254740991, with at most six decimals, found "3"',
    ],
    [
      '{cookies: {x: {percent: -1}}}',
      expect.stringContaining('.cookies.x.percent: expected a number from 0 to 100'),
    ],
  ])('%s', (rule, problem) => {
    expect(problemsOf(rule)).toEqual([problem]);
  });

  test('all that is wrong at once', () => {
    const rule =
      '{percent: 101, regions: [1], sourceCidrs: [x], headers: {a: {regex: "["}, b: {range: {from: x}}}}';
    expect(problemsOf(rule).map((problem) => problem.replace(/: .*/, ''))).toEqual([
      '.headers.a.regex',
      '.headers.b.range.from',
      '.regions[0]',
      '.sourceCidrs[0]',
      '.percent',
    ]);
  });
});
