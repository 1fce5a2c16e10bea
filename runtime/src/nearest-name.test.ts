import { expect, test } from 'vitest';
import { didYouMean, nearestName } from './nearest-name.ts';

test('finds the name that a slip of the keyboard was meant to be', () => {
  const known = ['weight', 'healthy', 'address', 'port', 'ports'];
  expect(['weigth', 'Healthy', 'adress', 'prot', 'portz'].map((given) => nearestName(given, known))).toEqual([
    'weight',
    'healthy',
    'address',
    'port',
    'port',
  ]);
});

test('suggests nothing that shares no letters with what was given', () => {
  expect(nearestName('x', ['a', 'b'])).toBeUndefined();
  expect(didYouMean('frobnicate', ['weight', 'port'])).toBe('');
});
