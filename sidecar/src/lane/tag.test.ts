import { isLaneName } from '@lanekeeper/protocol/lane-name';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fields, headOf } from './head.fixture.ts';
import { type Tag, readTag } from './tag.ts';

const BRIDGE = ['x-mse-tag', 'service-lane'];
const read = (fields: Fields): ReturnType<typeof readTag> =>
  readTag(headOf(fields), { baggageKey: 'lane', bridge: BRIDGE });

function tagOf(fields: Fields): Tag {
  const tag = read(fields);
  if (tag === undefined || 'conflict' in tag) throw new Error(`expected a tag, got ${JSON.stringify(tag)}`);
  return tag;
}

describe('readTag', () => {
  it('finds nothing in a request that carries no tag or only empty ones', () => {
    expect(read({})).toBeUndefined();
    expect(read({ baggage: 'a=1, lane=', 'x-mse-tag': ' ', 'service-lane': 'group/' })).toBeUndefined();
  });

  it('reads our baggage member and says where it stood', () => {
    expect(read({ baggage: 'a=1, lane=gr%61y;p' })).toEqual({
      lane: 'gray',
      source: 'baggage',
      detail: 'baggage lane=gray',
    });
  });

  it('reads a bridge header, and of a value with slashes the part after the last', () => {
    expect(read({ 'x-mse-tag': 'gray' })).toMatchObject({ lane: 'gray', source: 'bridge' });
    expect(tagOf({ 'service-lane': 'shop/gray' })).toEqual({
      lane: 'gray',
      source: 'bridge',
      detail: 'service-lane: gray',
    });
  });

  it('reads no header that is not configured', () => {
    expect(read({ 'x-asm-prefer-tag': 'gray', lane: 'gray' })).toBeUndefined();
  });

  it('takes base for a tag: the baseline, said explicitly', () => {
    expect(tagOf({ baggage: 'lane=base' }).lane).toBe('base');
  });

  it('takes equal tags in several places for one, with our own carrier named', () => {
    const fields = { baggage: 'lane=gray,lane=gray', 'x-mse-tag': 'gray, gray', 'service-lane': 'g/gray' };
    expect(tagOf(fields)).toMatchObject({ lane: 'gray', source: 'baggage' });
  });

  it.each([
    ['two members', { baggage: 'lane=gray,lane=blue' }],
    ['baseline and a lane', { baggage: 'lane=gray', 'x-mse-tag': 'base' }],
    ['baggage against a bridge header', { baggage: 'lane=gray', 'x-mse-tag': 'blue' }],
    ['two bridge headers', { 'x-mse-tag': 'gray', 'service-lane': 'g/blue' }],
    ['a bridge header that came twice', { 'x-mse-tag': 'gray, blue' }],
    ['an invalid name against a valid one', { baggage: 'lane=gray,lane=GRAY' }],
    [
      'two names that differ only beyond the cut',
      { baggage: `lane=${'A'.repeat(70)},lane=${'A'.repeat(71)}` },
    ],
  ])('reports %s as a conflict, never picks', (_, fields) => {
    expect(read(fields)).toHaveProperty('conflict');
  });

  it('names both carriers in a conflict', () => {
    expect(read({ baggage: 'lane=gray', 'x-mse-tag': 'blue' })).toEqual({
      conflict: 'baggage lane=gray, but x-mse-tag: blue',
    });
  });

  it('does not make a valid name of one that is too long by cutting it', () => {
    const { lane } = tagOf({ baggage: `lane=${'a'.repeat(64)}` });
    expect(lane).toHaveLength(63);
    expect(isLaneName(lane)).toBe(false);
  });

  it('is safe to log and never turns an invalid name into a valid one', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
      fc.stringMatching(/^[a-z0-9-]{1,80}$/),
    );
    fc.assert(
      fc.property(name, fc.boolean(), (written, isBridge) => {
        const tag = read(
          isBridge ? { 'x-mse-tag': written } : { baggage: `lane=${encodeURIComponent(written)}` },
        );
        if (tag === undefined) return;
        const logged = 'conflict' in tag ? tag.conflict : `${tag.lane} ${tag.detail}`;
        expect(logged).toMatch(/^[ -~]+$/);
        if ('conflict' in tag) return;
        expect(tag.lane).toMatch(/^[!-~]{1,63}$/);
        const meant = isBridge
          ? written
              .slice(written.lastIndexOf('/') + 1)
              .replaceAll(',', '')
              .trim()
          : written;
        expect(isLaneName(tag.lane)).toBe(isLaneName(meant));
      }),
      { numRuns: 5_000 },
    );
  });

  it('agrees with the set of all names written: none, one or a conflict', () => {
    const names = fc.array(fc.constantFrom('gray', 'blue', 'base', ''), { maxLength: 2 });
    fc.assert(
      fc.property(names, names, names, (members, mse, service) => {
        const all = new Set([...members, ...mse, ...service].filter((name) => name !== ''));
        const tag = read({
          baggage: members.map((name) => `lane=${name}`).join(', '),
          'x-mse-tag': mse.join(', '),
          'service-lane': service.map((name) => `g/${name}`).join(', '),
        });
        if (all.size > 1) expect(tag).toHaveProperty('conflict');
        else if (all.size === 1) expect(tag).toMatchObject({ lane: [...all][0] });
        else expect(tag).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
  });
});
