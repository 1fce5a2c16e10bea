import { array, assert, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import type { InstanceList } from '../instance.ts';
import { Subscription } from './subscription.ts';
import { readServiceInfo, type ServiceInfo } from './wire/service-info.ts';

const SERVICE = { group: 'g', name: 's' };

/** A list that was made at a time, of one instance whose port is the number given. */
function made(madeAtMs: number, port: number): ServiceInfo {
  return readServiceInfo({
    name: 's',
    groupName: 'g',
    hosts: [{ ip: '10.0.0.1', port }],
    lastRefTime: madeAtMs,
  });
}

function followed(): { readonly known: Subscription; readonly ports: number[] } {
  const known = new Subscription(SERVICE);
  const ports: number[] = [];
  known.add(({ instances }: InstanceList) => ports.push(instances[0]?.port ?? 0));
  return { known, ports };
}

test('passes over a list that was made before the last one, while that may have overtaken it', () => {
  const { known, ports } = followed();
  expect(known.take(made(1000, 1), 'push', 50)).toBe('told');
  expect(known.take(made(999, 2), 'answer', 60)).toBe('overtaken');
  expect(known.take(made(999, 2), 'push', 3000)).toBe('overtaken');
  expect(ports).toEqual([1]);
});

test('takes it when the last one came so long ago that the server’s clock must have been set back', () => {
  const { known, ports } = followed();
  known.take(made(1000, 1), 'push', 50);
  expect(known.take(made(5, 2), 'push', 3051)).toBe('told');
  expect(known.take(made(6, 3), 'push', 3060)).toBe('told');
  expect(ports).toEqual([1, 2, 3]);
});

test('takes it on a new connection, whose server has another clock', () => {
  const { known, ports } = followed();
  known.take(made(1000, 1), 'push', 50);
  known.beginConnection();
  expect(known.take(made(5, 2), 'answer', 60)).toBe('told');
  expect(known.take(made(6, 2), 'push', 70)).toBe('same');
  expect(ports).toEqual([1, 2]);
});

test('a push that comes after the audit that has shown its change was late, not missed', () => {
  const { known } = followed();
  known.take(made(1, 1), 'answer', 0);
  known.take(made(2, 2), 'audit', 100);
  expect(known.hasMissedPush(true, 600, 2000)).toBe(false);
  expect(known.hasMissedPush(false, 30_000, 2000)).toBe(false);
});

test('no push within the time after such an audit was missed, and is counted once', () => {
  const { known } = followed();
  known.take(made(1, 1), 'answer', 0);
  known.take(made(2, 2), 'audit', 100);
  expect(known.hasMissedPush(false, 1000, 2000)).toBe(false);
  expect(known.hasMissedPush(false, 30_000, 2000)).toBe(true);
  expect(known.hasMissedPush(true, 30_001, 2000)).toBe(false);
});

test('never tells the same list twice in a row, and ends with the newest of those that came together', () => {
  const arrival = record({ madeAtMs: integer({ min: 1, max: 50 }), late: integer({ min: 0, max: 2 }) });
  assert(
    property(array(arrival, { minLength: 1, maxLength: 30 }), (arrivals) => {
      const { known, ports } = followed();
      // What was made at a time says one thing, whichever way it comes.
      arrivals.forEach(({ madeAtMs, late }, at) => {
        known.take(made(madeAtMs, madeAtMs), late === 0 ? 'push' : 'answer', at);
      });
      expect(ports.at(-1)).toBe(Math.max(...arrivals.map(({ madeAtMs }) => madeAtMs)));
      expect(ports).toEqual([...new Set(ports)].toSorted((one, other) => one - other));
    }),
  );
});
