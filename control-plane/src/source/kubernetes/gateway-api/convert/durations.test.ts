import { expect, it } from 'vitest';
import { parseDuration } from './durations.ts';

it.each([
  ['0s', 0],
  ['500ms', 500],
  ['1h30m', 5_400_000],
  ['1m1s1ms', 61_001],
  ['99999h', 2 ** 31 - 1],
])('reads %s', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

it.each(['', '5', 's', '1.5s', '-1s', '1d', '123456s', '1h1h1h1h1h', ' 1s'])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
