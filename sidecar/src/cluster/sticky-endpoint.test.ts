import { expect, test } from 'vitest';
import type { Endpoint } from '../route/snapshot.ts';
import { stickyEndpoint } from './sticky-endpoint.ts';

function endpoint(index: number, weight = 100): Endpoint {
  const address = `10.0.0.${index}`;
  const key = `${address}:80`;
  return {
    ...{ key, address, port: 80, lane: 'base', weight, zone: undefined },
    ...{ pod: undefined, healthy: true, source: 'file' },
  };
}

const CALLERS = Array.from({ length: 4_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);

function shares(endpoints: readonly Endpoint[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const caller of CALLERS) {
    const key = stickyEndpoint(endpoints, caller)?.key ?? 'none';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

test('gives no endpoint where there is none', () => {
  expect(stickyEndpoint([], '10.1.0.1')).toBeUndefined();
});

test('spreads callers over the endpoints by their weight', () => {
  const counts = shares([endpoint(1), endpoint(2), endpoint(3, 200)]);
  expect(counts.get('10.0.0.1:80')).toBeGreaterThan(850);
  expect(counts.get('10.0.0.2:80')).toBeGreaterThan(850);
  expect(counts.get('10.0.0.3:80')).toBeGreaterThan(1_800);
});

test('moves only the callers of an endpoint that goes, whatever the order of the others', () => {
  const all = [1, 2, 3, 4, 5].map((index) => endpoint(index));
  const left = all.filter(({ key }) => key !== '10.0.0.3:80').toReversed();
  for (const caller of CALLERS) {
    const before = stickyEndpoint(all, caller)?.key;
    if (before !== '10.0.0.3:80') expect(stickyEndpoint(left, caller)?.key).toBe(before);
  }
});
