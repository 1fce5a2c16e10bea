import { expect, it } from 'vitest';
import { createEndpointLoads } from './endpoint-loads.ts';

it('counts requests in flight and keeps nothing of an endpoint at rest', () => {
  const loads = createEndpointLoads();
  loads.started('a');
  loads.started('a');
  loads.started('b');
  expect([loads.of('a'), loads.of('b'), loads.of('c'), loads.size]).toEqual([2, 1, 0, 2]);
  loads.finished('a');
  loads.finished('b');
  loads.finished('b');
  expect([loads.of('a'), loads.of('b'), loads.size]).toEqual([1, 0, 1]);
});
