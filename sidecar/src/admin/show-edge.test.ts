import { readFileSync } from 'node:fs';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import { expect, test } from 'vitest';
import { showEdge } from './show-edge.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../discovery/testdata/${name}`, import.meta.url), 'utf8');

test('certificates are shown by their names and ends, and no key at all', () => {
  const certificate = { certificate: read('tls.crt'), key: read('tls.key') };
  const edge: EdgeConfig = {
    listeners: [],
    certificates: { 'shop/tls': certificate, 'shop/broken': { ...certificate, certificate: 'none' } },
  };
  const shown = showEdge(edge);
  expect(shown.certificates['shop/tls']?.names).toContain('DNS:localhost');
  expect(Date.parse(shown.certificates['shop/tls']?.notAfter ?? '')).toBeGreaterThan(0);
  expect(shown.certificates['shop/broken']).toEqual({ names: '', notAfter: null });
  expect(JSON.stringify(shown)).not.toMatch(/BEGIN|PRIVATE/);
  expect(showEdge(edge).certificates['shop/tls']).toBe(shown.certificates['shop/tls']);
});
