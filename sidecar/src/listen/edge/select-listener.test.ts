import { expect, test } from 'vitest';
import { selectListener } from './select-listener.ts';

const LISTENERS = ['*', '*.example.com', '*.shop.example.com', 'www.example.com', 'WWW.Example.com'].map(
  (host, index) => ({ host, index }),
);

test.each([
  ['www.example.com', 3],
  ['api.example.com', 1],
  ['a.b.example.com', 1],
  ['a.shop.example.com', 2],
  ['example.com', 0],
  ['.example.com', 0],
  ['other.org', 0],
  [undefined, 0],
] as const)('%s is for the most specific host, the first of two alike', (name, index) => {
  expect(selectListener(LISTENERS, name)?.index).toBe(index);
});

test('without a name only a listener for every host will do', () => {
  expect(selectListener(LISTENERS.slice(1), undefined)).toBeUndefined();
  expect(selectListener(LISTENERS.slice(1), 'other.org')).toBeUndefined();
});
