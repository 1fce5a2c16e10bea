import { expect, it } from 'vitest';
import { noteKey, readNotes, writeLanes } from './lane-notes.ts';
import type { LaneStatement, ReplicaLanes } from './lane-statement.ts';

const STATEMENT: LaneStatement = {
  routing: 'r',
  rules: 'h',
  of: 2,
  routed: 1,
  whole: 0,
  missing: ['shop/b-1'],
};

const readBack = (lanes: ReplicaLanes): ReplicaLanes | undefined =>
  readNotes({ metadata: { name: 'm' }, data: { [noteKey('cp-1')]: writeLanes(lanes) } }).get('cp-1');

it('a thousand lanes fit into the map beside those of other replicas, the first ones first', () => {
  const lanes = new Map(Array.from({ length: 2_000 }, (_, index) => [`demo lane-${index}`, STATEMENT]));
  const text = writeLanes(lanes);
  expect(text.length).toBeLessThan(160_000);
  const read = readBack(lanes);
  expect(read?.size).toBeGreaterThan(1_000);
  expect([...(read ?? [])]).toEqual([...lanes].slice(0, read?.size));
});

it('rules that are too large to share are left out of a statement, which counts all the same', () => {
  const match = Array.from({ length: 2_000 }, (_, index) => ({ hosts: [`host-${index}.example.com`] }));
  const held = { match, entries: [], priority: 0 };
  expect(readBack(new Map([['a', { ...STATEMENT, held }]]))).toEqual(new Map([['a', STATEMENT]]));
});
