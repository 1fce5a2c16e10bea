import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodePart } from './decode-part.ts';

const GUIDE = readFileSync(new URL('../../docs/colouring.md', import.meta.url), 'utf8');
/** What the examples of the guide refer to. */
const GROUP = `
apiVersion: lanekeeper.io/v1alpha1
kind: LaneGroup
metadata: {name: demo, namespace: shop}
spec: {services: [{name: a}, {name: b}]}
`;

const blocks = [...GUIDE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => yaml);

function decoded(yaml: string) {
  const part = decodePart(yaml.includes('kind: Lane') ? `${GROUP}---\n${yaml}` : yaml);
  if ('problems' in part) throw new Error(JSON.stringify(part.problems, undefined, 1));
  return part.value;
}

test.each(blocks.map((yaml, index) => [index, yaml] as const))(
  'example %i of docs/colouring.md is read',
  (_, yaml) => {
    const { lanes, colouring } = decoded(yaml);
    expect(lanes.flatMap(({ match }) => match).length + colouring.length).toBeGreaterThan(0);
  },
);

test('the guide shows every condition and every operator', () => {
  const parts = blocks.map(decoded);
  const rules = parts.flatMap(({ lanes, colouring }) =>
    [...lanes, ...colouring].flatMap(({ match }) => match),
  );
  const conditions = new Set(rules.flatMap((rule) => Object.keys(rule)));
  const wanted = ['hosts', 'paths', 'methods', 'headers', 'cookies', 'query', 'regions', 'sourceCidrs'];
  expect([...conditions].sort()).toEqual([...wanted, 'percent', 'key', 'overwrite'].sort());
  for (const operator of ['exact', 'prefix', 'suffix', 'in', 'regex', 'range', 'percent', 'present']) {
    expect(GUIDE).toMatch(new RegExp(`\`[^\`]*${operator}: `));
  }
});
