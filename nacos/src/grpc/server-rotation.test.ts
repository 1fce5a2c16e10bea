import { expect, test } from 'vitest';
import { createServerRotation } from './server-rotation.ts';

const SERVERS = ['a', 'b', 'c'].map((address) => ({ address, port: 8848 }));
const [A, B, C] = SERVERS;
const OTHER = { address: 'x', port: 1 };

test.each([
  [0, [A, B, C, A]],
  [0.4, [B, C, A, B]],
  [0.99, [C, A, B, C]],
])('begins anywhere (%d) and tries one after the other', (random, expected) => {
  const rotation = createServerRotation(SERVERS, () => random);
  expect(expected.map(() => rotation.next())).toEqual(expected);
});

test('a round is over when as many were tried as there are, or when it begins anew', () => {
  const rotation = createServerRotation(SERVERS, () => 0);
  const isOver = [1, 2, 3, 4].map(() => {
    rotation.next();
    return rotation.isRoundOver();
  });
  expect(isOver).toEqual([false, false, true, false]);
  rotation.restart();
  rotation.next();
  rotation.next();
  expect(rotation.isRoundOver()).toBe(false);
});

test('tries a preferred server once, then goes on where it was; that counts too, or two that send to each other would spin', () => {
  const rotation = createServerRotation(SERVERS, () => 0);
  rotation.next();
  rotation.prefer(OTHER);
  expect([rotation.next(), rotation.next(), rotation.isRoundOver(), rotation.next()]).toEqual([
    OTHER,
    B,
    true,
    C,
  ]);
});
