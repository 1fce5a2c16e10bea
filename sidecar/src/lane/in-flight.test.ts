import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEVERAL } from './evidence.ts';
import { InFlightLanes } from './in-flight.ts';

describe('InFlightLanes', () => {
  it('names the one lane in flight again once the other one has left', () => {
    const lanes = new InFlightLanes();
    lanes.enter('gray');
    lanes.enter('base');
    expect(lanes.verdict()).toBe(SEVERAL);
    lanes.leave('base');
    expect(lanes.verdict()).toBe('gray');
    lanes.leave('gray');
    expect(lanes.verdict()).toBeUndefined();
  });

  it('says what a list of the requests in flight says, stray leaves included', () => {
    const lane = fc.constantFrom('gray', 'blue', 'base');
    const step = fc.record({ lane, isEnter: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lanes = new InFlightLanes();
        const list: string[] = [];
        for (const { lane: name, isEnter } of steps) {
          if (isEnter) {
            lanes.enter(name);
            list.push(name);
          } else {
            lanes.leave(name);
            if (list.includes(name)) list.splice(list.indexOf(name), 1);
          }
          const distinct = new Set(list);
          expect(lanes.verdict()).toBe(distinct.size > 1 ? SEVERAL : list[0]);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
