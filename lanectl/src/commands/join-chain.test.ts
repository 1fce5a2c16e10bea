import fc from 'fast-check';
import type { Hop } from '@lanekeeper/protocol/hop';
import { expect, it } from 'vitest';
import type { SeenHop } from './hop-rows.ts';
import { joinChain } from './join-chain.ts';

const T0 = Date.parse('2026-11-21T12:00:00.000Z');

interface Given {
  readonly at: string;
  readonly direction: Hop['direction'];
  /** By the clock of its node, after T0. */
  readonly startMs: number;
  readonly durationMs: number;
  /** The pod that it is sent to. */
  readonly to?: string;
}

function seen({ at, direction, startMs, durationMs, to }: Given): SeenHop {
  const endpoint = to === undefined ? null : { address: '', pod: to, lane: 'base', source: 'file' };
  const hop: Hop = {
    ...{ time: new Date(T0 + startMs + durationMs).toISOString(), id: at, traceId: 't', direction },
    ...{ protocol: 'http/1.1', method: 'GET', authority: 'a', path: '/', lane: 'gray', service: 'x/a' },
    evidence: { rung: 'baggage', detail: 'lane=gray' },
    ...{ subset: 'gray', fallback: null, candidates: {}, dropped: [], endpoint, generation: '1' },
    ...{ status: 200, durationMs, attempt: 1, error: null, why: '' },
  };
  return { pod: { namespace: 'shop', name: at, app: at, lane: 'base', isGateway: false }, hop };
}

/** gateway -> a -> b, with a clock of b that is `skewMs` off. */
function chain(skewMs: number): readonly SeenHop[] {
  return [
    seen({ at: 'edge', direction: 'gateway', startMs: 0, durationMs: 100, to: 'a' }),
    seen({ at: 'a', direction: 'inbound', startMs: 2, durationMs: 96 }),
    seen({ at: 'a', direction: 'outbound', startMs: 10, durationMs: 60, to: 'b' }),
    seen({ at: 'b', direction: 'inbound', startMs: 12 + skewMs, durationMs: 50 }),
  ];
}

const namesOf = (hops: readonly SeenHop[]): readonly string[] =>
  hops.map(({ pod, hop }) => `${pod.name} ${hop.direction}`);

it('puts a caller’s side before its callee’s in whatever order they come, though clocks differ', () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  fc.assert(
    fc.property(order, fc.integer({ min: -500, max: 500 }), (indices, skewMs) => {
      const hops = chain(skewMs);
      const shuffled = indices.flatMap((index) => hops[index] ?? []);
      const joined = namesOf(joinChain(shuffled));
      expect(joined.indexOf('b inbound')).toBeGreaterThan(joined.indexOf('a outbound'));
      expect(joined.indexOf('a inbound')).toBeGreaterThan(joined.indexOf('edge gateway'));
      expect(joined.length).toBe(4);
    }),
  );
  expect(namesOf(joinChain(chain(0)))).toEqual(['edge gateway', 'a inbound', 'a outbound', 'b inbound']);
});

it('keeps what nobody has sent, and calls that end nowhere', () => {
  const alone = seen({ at: 'x', direction: 'inbound', startMs: 5, durationMs: 1 });
  const lost = seen({ at: 'y', direction: 'outbound', startMs: 6, durationMs: 1, to: 'gone' });
  expect(namesOf(joinChain([lost, alone]))).toEqual(['x inbound', 'y outbound']);
  expect(joinChain([])).toEqual([]);
});
