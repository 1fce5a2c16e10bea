import { expect, it } from 'vitest';
import { TableBatch } from './table-batch.ts';

it('says each key once, with what stood there at first', () => {
  const batch = new TableBatch<number>();
  batch.add({ kind: 'updated', key: 'a', value: 2, old: 1 });
  batch.add({ kind: 'updated', key: 'a', value: 3, old: 2 });
  batch.add({ kind: 'deleted', key: 'b', old: 7 });
  batch.add({ kind: 'added', key: 'c', value: 9 });
  const { keys, before } = batch.take(
    new Map([
      ['a', 3],
      ['c', 9],
    ]),
  );
  expect([...keys]).toEqual(['a', 'b', 'c']);
  expect([...before]).toEqual([
    ['a', 1],
    ['b', 7],
  ]);
  expect(batch.isEmpty).toBe(true);
});

it('forgets what came and went, and what is as it was', () => {
  const batch = new TableBatch<number>();
  batch.add({ kind: 'added', key: 'gone', value: 1 });
  batch.add({ kind: 'deleted', key: 'gone', old: 1 });
  batch.add({ kind: 'deleted', key: 'back', old: 1 });
  batch.add({ kind: 'added', key: 'back', value: 1 });
  const { keys, before } = batch.take(new Map([['back', 1]]));
  expect([keys.size, before.size]).toEqual([0, 0]);
});
