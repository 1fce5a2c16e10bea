import type { EndpointConfig } from '@lanekeeper/protocol/model';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpoint } from '../../../catalog/catalog.fixture.ts';
import { RecoveryWatch } from './recovery-watch.ts';

const POLICY = { holdMs: 30_000, missingShare: 0.5 };
const a = (n: number, given: Partial<EndpointConfig> = {}) =>
  endpoint(`10.0.0.${n}`, { source: 'nacos', ...given });

/** Three services of two instances, known to a server that has gone and come back at 0. */
function afterReturn(policy = POLICY) {
  const watch = new RecoveryWatch(policy);
  watch.follow('x', [a(1), a(2, { lane: 'gray' })], -1_000);
  watch.follow('y', [a(3), a(4)], -1_000);
  watch.follow('z', [a(5), a(6)], -1_000);
  watch.lost();
  watch.connected(0);
  watch.takeTouched();
  return watch;
}

const served = (watch: RecoveryWatch, service: string) =>
  (watch.served(service) ?? []).map(({ address }) => Number(address.split('.')[3])).sort();

describe('a server that was always there', () => {
  it('is believed at once, the last instance leaving included', () => {
    const watch = new RecoveryWatch(POLICY);
    watch.follow('x', [a(1)], 0);
    watch.tell('x', [a(1), a(2)], 10);
    expect(served(watch, 'x')).toEqual([1, 2]);
    watch.tell('x', [], 20);
    expect(served(watch, 'x')).toEqual([]);
    expect(watch.takeTouched()).toEqual(['x']);
    expect(watch.dueMs(20)).toBeUndefined();
  });

  it('serves what is known until the server has said something', () => {
    const watch = new RecoveryWatch(POLICY);
    watch.follow('x', [a(1)], 0);
    expect(served(watch, 'x')).toEqual([1]);
    expect(watch.served('other')).toBeUndefined();
  });
});

describe('a server that has come back without its data', () => {
  it('wipes nobody out: what was known is served until it is back, each instance by itself', () => {
    const watch = afterReturn();
    for (const service of ['x', 'y', 'z']) watch.tell(service, [], 100);
    expect([served(watch, 'x'), served(watch, 'y'), served(watch, 'z')]).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(watch.hold()).toMatchObject({ sinceMs: 100, untilMs: 30_100, known: 6 });
    expect(watch.kept()).toBe(6);
    watch.tell('x', [a(1)], 3_000);
    watch.tell('y', [a(3), a(4)], 3_000);
    expect([served(watch, 'x'), watch.kept()]).toEqual([[1, 2], 3]);
    watch.tell('x', [a(1), a(2)], 4_000);
    watch.tell('z', [a(5), a(6)], 20_000);
    expect(watch.hold()).toBeUndefined();
    expect(watch.isSteady()).toBe(true);
  });

  it('is believed when the time is over', () => {
    const watch = afterReturn();
    for (const service of ['x', 'y', 'z']) watch.tell(service, service === 'x' ? [a(1)] : [], 100);
    expect(watch.dueMs(1_000)).toBe(watch.hold()?.untilMs);
    watch.advance(30_000);
    expect(served(watch, 'z')).toEqual([5, 6]);
    watch.takeTouched();
    watch.advance(30_100);
    expect(watch.takeTouched()).toEqual(['x', 'y', 'z']);
    expect([served(watch, 'x'), served(watch, 'y'), served(watch, 'z')]).toEqual([[1], [], []]);
  });

  it('keeps a service that is missed later than the others', () => {
    const watch = afterReturn();
    watch.tell('x', [], 100);
    watch.tell('y', [], 100);
    expect(watch.hold()).toBeDefined();
    watch.tell('z', [], 5_000);
    expect(served(watch, 'z')).toEqual([5, 6]);
  });

  it('is believed of an instance that was back and leaves again', () => {
    const watch = afterReturn();
    for (const service of ['x', 'y', 'z']) watch.tell(service, [], 100);
    watch.tell('x', [a(1), a(2)], 3_000);
    watch.tell('x', [a(1)], 5_000);
    expect(served(watch, 'x')).toEqual([1]);
  });

  it('takes back what it was believed of, once it shows how much is missing', () => {
    const watch = afterReturn();
    watch.tell('x', [a(1)], 100);
    watch.advance(700);
    expect(served(watch, 'x')).toEqual([1]);
    watch.takeTouched();
    watch.tell('y', [], 900);
    expect(served(watch, 'x')).toEqual([1, 2]);
    expect(watch.takeTouched().toSorted()).toEqual(['x', 'y']);
  });

  it('tells its instances as unhealthy where it has only not heard of them, which is the same', () => {
    const watch = afterReturn();
    const silent = (n: number) => a(n, { healthy: false });
    watch.tell('x', [silent(1), silent(2)], 5_000);
    watch.tell('y', [silent(3), silent(4)], 5_000);
    expect(watch.served('x')?.map(({ healthy }) => healthy)).toEqual([true, true]);
  });

  it('keeps what somebody begins to need meanwhile', () => {
    const watch = afterReturn();
    for (const service of ['x', 'y', 'z']) watch.tell(service, [], 100);
    watch.follow('w', [a(7)], 200);
    watch.tell('w', [], 300);
    expect(served(watch, 'w')).toEqual([7]);
  });

  it('that goes away again leaves everything as it is, however long, and the time begins anew', () => {
    const watch = afterReturn();
    for (const service of ['x', 'y', 'z']) watch.tell(service, [], 100);
    watch.lost();
    expect(watch.dueMs(100)).toBeUndefined();
    watch.advance(90_000);
    expect(served(watch, 'x')).toEqual([1, 2]);
    watch.connected(100_000);
    expect(watch.hold()?.untilMs).toBe(130_000);
    expect(served(watch, 'x')).toEqual([1, 2]);
  });
});

describe('a server that has come back with its data', () => {
  it('is believed within a second of few that are missing', () => {
    const watch = afterReturn();
    watch.tell('x', [a(1)], 100);
    expect(served(watch, 'x')).toEqual([1, 2]);
    expect(watch.dueMs(100)).toBe(600);
    watch.advance(600);
    expect([served(watch, 'x'), watch.hold()]).toEqual([[1], undefined]);
  });

  it('is believed within two seconds of the last of a service', () => {
    const watch = afterReturn();
    watch.tell('x', [a(1, { healthy: false })], 100);
    watch.advance(600);
    expect(served(watch, 'x')).toEqual([1, 2]);
    watch.advance(1_600);
    expect(watch.served('x')?.map(({ healthy }) => healthy)).toEqual([false]);
  });

  it('is believed at once of what somebody has switched off', () => {
    const watch = afterReturn();
    const off = { healthy: false, dropReason: 'disabled' } as const;
    watch.tell('x', [a(1, off), a(2, off)], 100);
    watch.tell('y', [a(3, off), a(4, off)], 100);
    expect(watch.served('x')?.map(({ healthy }) => healthy)).toEqual([false, false]);
    expect(watch.hold()).toBeUndefined();
  });

  it('is still watched for a while: who was stopped drops everybody only after it went on', () => {
    const watch = afterReturn();
    watch.tell('x', [a(1), a(2)], 100);
    watch.advance(5_000);
    for (const service of ['x', 'y', 'z']) watch.tell(service, [], 5_000);
    expect(served(watch, 'z')).toEqual([5, 6]);
  });

  it('is believed as ever after that', () => {
    const watch = afterReturn();
    watch.advance(watch.dueMs(0) ?? 0);
    expect(watch.isSteady()).toBe(true);
    watch.tell('x', [], 20_000);
    expect(served(watch, 'x')).toEqual([]);
  });

  it('is believed at once where nothing is to be kept', () => {
    const watch = afterReturn({ ...POLICY, holdMs: 0 });
    for (const service of ['x', 'y', 'z']) watch.tell(service, [], 100);
    expect(served(watch, 'x')).toEqual([]);
  });
});

it('ends with what the server says, whatever happened, and never serves what nobody ever said', () => {
  const ENDPOINTS = fc
    .uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 })
    .map((ns) => ns.map((n) => a(n)));
  const EVENT = fc.oneof(
    fc.record({
      kind: fc.constant('tell' as const),
      service: fc.constantFrom('x', 'y', 'z'),
      endpoints: ENDPOINTS,
    }),
    fc.record({ kind: fc.constantFrom('lost' as const, 'connected' as const, 'advance' as const) }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 20_000 }), EVENT), { maxLength: 40 }),
      (events) => {
        const watch = afterReturn();
        const last = new Map<string, readonly EndpointConfig[]>();
        const ever = new Set([1, 2, 3, 4, 5, 6]);
        let now = 0;
        for (const [pause, event] of events) {
          now += pause;
          if (event.kind === 'tell') {
            watch.tell(event.service, event.endpoints, now);
            last.set(event.service, event.endpoints);
          } else if (event.kind === 'advance') watch.advance(now);
          else if (event.kind === 'lost') watch.lost();
          else watch.connected(now);
          for (const n of served(watch, 'x')) expect(ever).toContain(n);
          const places = served(watch, 'x');
          expect(new Set(places).size).toBe(places.length);
        }
        watch.connected(now);
        for (let due = watch.dueMs(now); due !== undefined; due = watch.dueMs(now)) {
          now = due;
          watch.advance(now);
        }
        for (const [service, endpoints] of last) expect(watch.served(service)).toEqual(endpoints);
      },
    ),
  );
});
