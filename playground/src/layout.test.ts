import { expect, test } from 'vitest';
import { WORKLOADS, chainOf } from './layout.ts';
import { chainLine } from './scenario.ts';

test('names the chains exactly as people grep them', () => {
  expect(chainLine('base', chainOf({ a: 'base', b: 'base', c: 'base' }))).toBe(
    'base  A[127.0.1.1] -> B[127.0.2.1] -> C[127.0.3.1]',
  );
  expect(chainLine('gray', chainOf({ a: 'gray', b: 'base', c: 'gray' }))).toBe(
    'gray  Agray[127.0.1.2] -> B[127.0.2.1] -> Cgray[127.0.3.2]',
  );
});

test('gives each workload an address of its own', () => {
  expect(new Set(WORKLOADS.map((workload) => workload.address)).size).toBe(6);
});
