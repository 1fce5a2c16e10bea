import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { hopTable } from './hop-table.ts';
import { someHop } from './hop.fixture.ts';

const fellBack = {
  fallback: { from: 'gray', to: 'base', reason: 'no-healthy-endpoint' },
  dropped: [{ endpoint: '127.0.2.2:15006', reason: 'already-tried' }],
  endpoint: { address: '127.0.2.1:15006', pod: 'B', lane: 'base', source: 'file' },
} as const;
const hops = [
  {
    at: 'gateway',
    hop: someHop({ direction: 'gateway', evidence: { rung: 'rule', detail: 'rule gray#0' } }),
  },
  { at: 'Agray', hop: someHop(fellBack) },
  {
    at: 'B',
    hop: someHop({ direction: 'inbound', evidence: { rung: 'baggage', detail: 'baggage lane=gray' } }),
  },
  {
    at: 'B',
    hop: someHop({ endpoint: null, candidates: {}, error: 'no-endpoint', why: 'Nobody is there.' }),
  },
];

test('aligns lane, evidence, candidates, target and reason under their headings', () => {
  expect(hopTable(hops, false).split('\n')).toEqual([
    'AT       DIRECTION  LANE  EVIDENCE            CANDIDATES      SENT TO          REASON',
    'gateway  edge       gray  rule gray#0         base 1, gray 1  Bgray (gray)     in its lane',
    'Agray    outbound   gray  trace: traceparent  base 1, gray 1  B (base)         gray -> base: no healthy endpoint (127.0.2.2:15006 already tried)',
    'B        inbound    gray  baggage lane=gray   base 1, gray 1  its application  in its lane',
    'B        outbound   gray  trace: traceparent  -               nobody           Nobody is there.',
  ]);
});

test('is the same text with colours as without', () => {
  const coloured = hopTable(hops, true);
  expect(coloured).toContain('\u001b[');
  expect(stripVTControlCharacters(coloured)).toBe(hopTable(hops, false));
});

test('says what became of the instance that the client chose by itself', () => {
  const base = { address: '127.0.2.1:15006', pod: null, lane: 'base', source: 'nacos' };
  const gray = { address: '127.0.2.2:15006', pod: null, lane: 'gray', source: 'nacos' };
  const table = hopTable(
    [
      { at: 'Agray', hop: someHop({ direction: 'outbound', endpoint: gray, chosen: base }) },
      { at: 'Agray', hop: someHop({ direction: 'outbound', endpoint: gray, chosen: gray }) },
    ],
    false,
  );
  expect(table).toMatch(/ Bgray \(gray\) +in its lane; the client chose B \(base\)$/m);
  expect(table).toMatch(/ Bgray \(gray\) +in its lane, as the client chose$/m);
});
