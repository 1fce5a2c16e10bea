import { isLaneName } from '@lanekeeper/protocol/lane-name';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fields, applyEdits, headOf, headersOf } from './head.fixture.ts';
import { NO_EDITS, edgeEdits, stampEdits, stripTag } from './stamp.ts';
import { readTag } from './tag.ts';

const CARRIERS = { baggageKey: 'lane', bridge: ['x-mse-tag', 'service-lane'] };
const PLAIN = { baggageKey: 'lane', bridge: [] };

const stamped = (fields: Fields, lane: string, carriers = CARRIERS): Record<string, string> =>
  applyEdits(fields, stampEdits(headersOf(fields), lane, carriers));

describe('stampEdits', () => {
  it('adds our member to foreign baggage, and every configured bridge header', () => {
    expect(stamped({ baggage: 'a=1' }, 'gray')).toEqual({
      baggage: 'a=1,lane=gray',
      'x-mse-tag': 'gray',
      'service-lane': 'gray',
    });
    expect(stampEdits(headersOf({}), 'gray', PLAIN)).toEqual([{ name: 'baggage', value: 'lane=gray' }]);
  });

  it('shares one empty answer when the request says it all already', () => {
    const fields = { baggage: 'lane=gray;p', 'x-mse-tag': 'gray', 'service-lane': 'shop/gray' };
    expect(stampEdits(headersOf(fields), 'gray', CARRIERS)).toBe(NO_EDITS);
    expect(stampEdits(headersOf({ baggage: 'a=1' }), 'base', CARRIERS)).toBe(NO_EDITS);
    expect(stripTag(headersOf({ baggage: 'a=1' }), { ...CARRIERS, stripBridge: true })).toBe(NO_EDITS);
  });

  it('adds nothing for the baseline, keeps a tag that says base, and takes any other off', () => {
    const fields = { baggage: 'lane=base, a=1', 'x-mse-tag': 'base', 'service-lane': '' };
    expect(stamped(fields, 'base')).toEqual(fields);
    expect(stamped({ baggage: 'lane=gray, a=1', 'x-mse-tag': 'gray' }, 'base')).toEqual({ baggage: 'a=1' });
  });

  it('neither spreads nor destroys a tag that is no lane name', () => {
    expect(stampEdits(headersOf({ baggage: 'lane=GR%C3%84Y' }), 'GR?Y', CARRIERS)).toBe(NO_EDITS);
  });

  it('makes the next hop read the lane, whatever the request said before, and then has nothing left to do', () => {
    const text = fc.oneof(
      fc.constantFrom('lane=gray', 'lane=blue, a=1', 'gray', 'g/gray', 'base', 'gray, blue', ''),
      fc.string({ unit: 'binary' }),
    );
    const field = fc.option(text, { nil: undefined });
    const fields = fc.record({ baggage: field, 'x-mse-tag': field, 'service-lane': field });
    const lane = fc.oneof(fc.constantFrom('gray', 'base'), fc.string({ minLength: 1 }).filter(isLaneName));
    fc.assert(
      fc.property(fields, lane, (before, wanted) => {
        const after = stamped(before, wanted);
        const tag = readTag(headOf(after), CARRIERS);
        if (wanted !== 'base') expect(tag).toMatchObject({ lane: wanted });
        else if (tag !== undefined) expect(tag).toMatchObject({ lane: 'base' });
        expect(stampEdits(headersOf(after), wanted, CARRIERS)).toBe(NO_EDITS);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('stripTag', () => {
  const fields = {
    baggage: 'a=1, lane=gray',
    'x-mse-tag': 'gray',
    'x-lanekeeper-hop': 'origin',
    'x-lanekeeper-explain': '1',
    'x-lanekeeper-decision': '{}',
    'x-request-id': 'r1',
  };

  it('takes only our member off for a destination outside the mesh', () => {
    const edits = stripTag(headersOf(fields), { ...CARRIERS, stripBridge: false });
    expect(edits).toEqual([{ name: 'baggage', value: 'a=1' }]);
  });

  it('takes every trace of lanes off a request that nobody trusts', () => {
    const edits = stripTag(headersOf(fields), { ...CARRIERS, stripBridge: true });
    expect(applyEdits(fields, edits)).toEqual({ baggage: 'a=1', 'x-request-id': 'r1' });
  });

  it('removes the field when our member was all of it', () => {
    const edits = stripTag(headersOf({ baggage: 'lane=gray' }), { ...PLAIN, stripBridge: false });
    expect(edits).toEqual([{ name: 'baggage', value: null }]);
  });
});

describe('edgeEdits', () => {
  it('lets through exactly the lane that the edge decided on, one edit a field', () => {
    const forged = {
      baggage: 'lane=blue, a=1, l%61ne=red',
      'x-mse-tag': 'blue',
      'x-lanekeeper-hop': 'corrected',
    };
    for (const lane of ['gray', 'base']) {
      const edits = edgeEdits(headersOf(forged), lane, CARRIERS);
      expect(new Set(edits.map(({ name }) => name)).size).toBe(edits.length);
      const after = applyEdits(forged, edits);
      const gray = { baggage: 'lane=gray, a=1', 'x-mse-tag': 'gray', 'service-lane': 'gray' };
      expect(after).toEqual(lane === 'gray' ? gray : { baggage: 'a=1' });
    }
  });
});
