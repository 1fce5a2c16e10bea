import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEVERAL } from './evidence.ts';
import { SeenIds } from './seen-ids.ts';
import type { TraceId } from './trace-ids.ts';

const ids = (...names: readonly string[]): TraceId[] => names.map((id) => ({ id, header: 'x-request-id' }));

function seenAt(options: { readonly ttlMs: number; readonly capacity?: number }): {
  readonly seen: SeenIds;
  readonly clock: { ms: number };
} {
  const clock = { ms: 1_000 };
  return { seen: new SeenIds({ now: () => clock.ms, ...options }), clock };
}

describe('SeenIds', () => {
  it('links an id to the lane of the inbound request that carried it', () => {
    const { seen } = seenAt({ ttlMs: 100 });
    seen.record(ids('a', 'b'), 'gray');
    seen.record(ids('c'), 'base');
    expect(['a', 'b', 'c', 'd'].map((id) => seen.lookup(id))).toEqual(['gray', 'gray', 'base', undefined]);
  });

  it('says several for an id that two lanes carried, until it expires, and whatever comes later', () => {
    const { seen, clock } = seenAt({ ttlMs: 100 });
    seen.record(ids('a'), 'gray');
    seen.record(ids('a'), 'base');
    seen.record(ids('a'), 'gray');
    expect(seen.lookup('a')).toBe(SEVERAL);
    clock.ms += 100;
    seen.record(ids('a'), 'gray');
    expect(seen.lookup('a')).toBe(SEVERAL);
    clock.ms += 200;
    expect(seen.lookup('a')).toBeUndefined();
  });

  it('stays within its capacity and forgets the oldest first', () => {
    const { seen } = seenAt({ ttlMs: 100, capacity: 10 });
    for (let n = 0; n < 1_000; n += 1) {
      seen.record(ids(`id-${n}`), 'gray');
      expect(seen.size).toBeLessThanOrEqual(10);
    }
    expect(seen.lookup('id-999')).toBe('gray');
    expect(seen.lookup('id-995')).toBe('gray');
    expect(seen.lookup('id-989')).toBeUndefined();
  });

  it('keeps no request head alive through an id that was cut out of it', () => {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('no garbage collector to call');
    const { seen } = seenAt({ ttlMs: 100 });
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 2_000; n += 1) {
      const head = Buffer.alloc(65_536, `${n} is the number of a request id. `).toString('latin1');
      seen.record([{ id: head.slice(0, 40), header: 'x-request-id' }], 'gray');
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 2 ** 20);
    expect(seen.size).toBe(2_000);
  });

  it('remembers for the promised time, not twice as long, and never mixes lanes up', () => {
    const step = fc.record({
      after: fc.nat({ max: 80 }),
      id: fc.constantFrom('a', 'b', 'c', 'é'),
      lane: fc.constantFrom('gray', 'blue', 'base'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat({ max: 250 }), (steps, rest) => {
        const { seen, clock } = seenAt({ ttlMs: 100 });
        const told = new Map<string, { at: number; lane: string }[]>();
        for (const { after, id, lane } of steps) {
          clock.ms += after;
          seen.record(ids(id), lane);
          told.set(id, [...(told.get(id) ?? []), { at: clock.ms, lane }]);
        }
        clock.ms += rest;
        for (const [id, records] of told) {
          const answer = seen.lookup(id);
          const fresh = new Set(records.filter(({ at }) => clock.ms - at < 100).map(({ lane }) => lane));
          const all = new Set(records.map(({ lane }) => lane));
          if (fresh.size > 1) expect(answer).toBe(SEVERAL);
          if (fresh.size === 1) expect([...fresh, SEVERAL]).toContain(answer);
          if (answer === SEVERAL) expect(all.size).toBeGreaterThan(1);
          if (answer !== undefined && answer !== SEVERAL) expect(all).toContain(answer);
          if (records.every(({ at }) => clock.ms - at >= 200)) expect(answer).toBeUndefined();
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
