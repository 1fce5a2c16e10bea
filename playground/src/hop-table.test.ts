import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { hopTable } from './hop-table.ts';
import { someHop } from './hop.fixture.ts';

const hops = [
  { at: 'gateway', hop: someHop({ direction: 'gateway', evidence: { rung: 'rule', detail: 'gray#0' } }) },
  { at: 'B', hop: someHop({ endpoint: null, candidates: {}, why: 'nobody is there' }) },
];

test('aligns lane, evidence, candidates, target and reason under their headings', () => {
  const lines = hopTable(hops, false).split('\n');
  expect(lines).toEqual([
    'AT       DIRECTION  LANE  EVIDENCE            CANDIDATES      SENT TO       REASON',
    'gateway  edge       gray  rule: gray#0        base 1, gray 1  Bgray (gray)  an endpoint of the lane',
    'B        outbound   gray  trace: traceparent  -               nobody        nobody is there',
  ]);
});

test('is the same text with colours as without', () => {
  const coloured = hopTable(hops, true);
  expect(coloured).toContain('\u001b[');
  expect(stripVTControlCharacters(coloured)).toBe(hopTable(hops, false));
});
