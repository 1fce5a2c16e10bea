import { expect, test } from 'vitest';
import { decodeConfig } from './decode-config.ts';

const MESH = `
services: [{name: a, port: 80, endpoints: [{address: 10.0.0.1, lane: blue}]}]
groups: [{name: g, services: [a]}]
lanes: [{name: gray, group: g}]
`;

function problemsOf(colouring: string): readonly string[] {
  const decoded = decodeConfig(`${MESH}colouring: ${colouring}`);
  return 'problems' in decoded ? decoded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

test('a rule colours for a lane at its entries, by default with priority 0', () => {
  const rule =
    '{name: beta users, lane: gray, entries: [a, shop/edge], match: [{headers: {x: {exact: "1"}}}]}';
  expect(decodeConfig(`${MESH}colouring: [${rule}]`)).toMatchObject({
    config: {
      colouring: [
        {
          ...{ name: 'beta users', lane: 'gray', entries: ['a', 'shop/edge'], priority: 0 },
          match: [{ headers: { x: { exact: '1' } } }],
        },
      ],
    },
  });
});

test('may keep requests in the baseline, or name a lane that only endpoints carry', () => {
  const rest = 'entries: [a], match: [{hosts: [x]}]';
  expect(problemsOf(`[{name: r, lane: base, ${rest}}, {name: s, lane: blue, ${rest}}]`)).toEqual([]);
});

test('names every mistake where it stands', () => {
  expect(problemsOf('[{lane: grey, entries: [], match: [{}]}, {name: r, entries: [a/b/c]}]')).toEqual([
    'colouring[0] (5:13): name is missing',
    'colouring[0].entries (5:35): is empty and would match nothing or everything; leave it out or fill it',
    expect.stringContaining('colouring[0].match[0] (5:47): a rule needs a condition'),
    'colouring[1] (5:53): lane is missing',
    'colouring[1].entries[0] (5:73): expected a workload: app or namespace/app, found "a/b/c"',
    'colouring[1] (5:53): match is missing',
    'colouring[0].lane (5:20): no lane grey is declared and no endpoint carries it; did you mean gray?',
  ]);
});

test('two rules of one name could not be told apart', () => {
  const rule = '{name: r, lane: gray, entries: [a], match: [{hosts: [x]}]}';
  expect(problemsOf(`[${rule}, ${rule}]`)).toEqual([
    'colouring[1].name (5:80): colouring rule r is already declared by colouring[0]',
  ]);
});
