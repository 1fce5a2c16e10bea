import { expect, test } from 'vitest';
import { InterestBook } from './interest-book.ts';

const book = (more: { maxKeys?: number; idlePeriods?: number } = {}): InterestBook =>
  new InterestBook({ idlePeriods: 3, ...more });

test('tells each key once, however often it is used', () => {
  const interests = book();
  const first = interests.take('host:b');
  expect(interests.take('host:b')).toBe(first);
  expect(interests.takeChanges()).toEqual({ add: ['host:b'], remove: [] });
  interests.take('host:b');
  expect(interests.takeChanges()).toEqual({ add: [], remove: [] });
});

test('finds an interest by any text that stood for it, until it is let go', () => {
  const interests = book({ idlePeriods: 1 });
  const b = interests.take('host:b');
  interests.spell(b, 'b:80');
  interests.spell(b, 'B');
  expect([interests.use('b:80'), interests.use('B'), interests.use('c')]).toEqual([b, b, undefined]);
  interests.tick();
  expect([interests.use('b:80'), interests.use('B')]).toEqual([undefined, undefined]);
});

test('lets go what nobody has used for long enough, and keeps what is pinned', () => {
  const interests = book();
  interests.pin(['host:a']);
  interests.spell(interests.take('host:used'), 'used');
  interests.take('host:idle');
  interests.takeChanges();
  for (let period = 0; period < 5; period += 1) {
    interests.tick();
    interests.use('used');
  }
  expect(interests.takeChanges()).toEqual({ add: [], remove: ['host:idle'] });
  expect(interests.size).toBe(2);
  interests.pin([]);
  for (let period = 0; period < 3; period += 1) interests.tick();
  expect(interests.size).toBe(0);
});

test('never holds more than it may, and lets go the longest unused first', () => {
  const interests = book({ maxKeys: 64, idlePeriods: 1_000 });
  interests.pin(['host:me']);
  for (let at = 0; at < 63; at += 1) {
    interests.take(`host:h${at}`);
    interests.tick();
  }
  interests.take('host:h0');
  interests.takeChanges();
  interests.take('host:new');
  expect(interests.takeChanges()).toEqual({ add: ['host:new'], remove: ['host:h1', 'host:h2'] });
  for (let at = 0; at < 1_000; at += 1) interests.take(`ip:10.0.${at >> 8}.${at & 255}`);
  expect(interests.size).toBeLessThanOrEqual(64);
  expect(interests.get('host:me')).toBeDefined();
});

test('holds few spellings of one host', () => {
  const interests = book();
  const b = interests.take('host:b');
  for (let port = 1; port < 1_000; port += 1) interests.spell(b, `b:${port}`);
  expect(b.spellings.length).toBeLessThan(20);
});

test('a key that is wanted again before the control plane heard that it is not is still answered', () => {
  const interests = book({ idlePeriods: 1 });
  const before = interests.take('host:b');
  before.isAnswered = true;
  interests.takeChanges();
  interests.tick();
  expect(interests.take('host:b')).toMatchObject({ isAnswered: true, isSettled: true });
  expect(interests.takeChanges()).toEqual({ add: [], remove: [] });
});

test('tells a new control plane everything at once', () => {
  const interests = book();
  interests.take('host:b');
  interests.takeChanges();
  interests.take('ip:10.0.0.1');
  expect(interests.takeAll()).toEqual({ add: ['host:b', 'ip:10.0.0.1'], remove: [] });
  expect(interests.takeChanges()).toEqual({ add: [], remove: [] });
});
