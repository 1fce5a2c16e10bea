import { describe, expect, it } from 'vitest';
import { compileChange, joinEdits } from './header-changes.ts';

const NOTHING = { set: {}, add: {}, remove: [] };

describe('a change of headers', () => {
  it('sets, adds and removes', () => {
    expect(compileChange({ set: { 'X-A': '1' }, add: { 'x-b': '2' }, remove: ['x-c'] })).toEqual([
      { name: 'x-a', value: '1' },
      { name: 'x-b', value: '2', append: true },
      { name: 'x-c', value: null },
    ]);
    expect(compileChange(undefined)).toEqual([]);
  });

  it.each([
    'host',
    'Content-Length',
    'transfer-encoding',
    'connection',
    'baggage',
    'x-lanekeeper-hop',
    'a b',
    '',
  ])('leaves "%s" alone', (name) => {
    const change = { set: { [name]: 'x' }, add: { [name]: 'x' }, remove: [name] };
    expect(compileChange(change)).toEqual([]);
  });

  it('drops a value that would end the field', () => {
    expect(compileChange({ ...NOTHING, set: { 'x-a': 'b\r\nx-c: d' } })).toEqual([]);
  });
});

describe('joinEdits', () => {
  it('lets the later replacement win, with what is added after it', () => {
    const first = [
      { name: 'x', value: '1' },
      { name: 'y', value: 'a', append: true },
    ] as const;
    const second = [
      { name: 'x', value: '2', append: true },
      { name: 'y', value: null },
    ] as const;
    expect(joinEdits([first, [], second])).toEqual([
      { name: 'x', value: '1' },
      { name: 'x', value: '2', append: true },
      { name: 'y', value: null },
    ]);
  });

  it('is the list itself where there is one', () => {
    const only = [{ name: 'x', value: '1' }];
    expect(joinEdits([[], only, []])).toBe(only);
  });
});
