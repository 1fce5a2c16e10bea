import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('doubles the ceiling with every attempt up to the bound', () => {
  const ceilings = [0, 1, 2, 3, 50, 5000].map((attempt) =>
    backoffMs(attempt, { baseMs: 100, maxMs: 500, random: () => 1 }),
  );
  expect(ceilings).toEqual([100, 200, 400, 500, 500, 500]);
});

test('spreads the delays over the whole range below the ceiling', () => {
  const delays = [0, 0.5, 0.999].map((share) =>
    backoffMs(2, { baseMs: 100, maxMs: 1000, random: () => share }),
  );
  expect(delays).toEqual([0, 200, 399.6]);
});

test('never waits longer than the bound nor less than nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -5, max: 100_000 }),
      fc.nat(10_000),
      fc.nat(60_000),
      (attempt, baseMs, maxMs) => {
        const delay = backoffMs(attempt, { baseMs, maxMs });
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(maxMs);
      },
    ),
  );
});
