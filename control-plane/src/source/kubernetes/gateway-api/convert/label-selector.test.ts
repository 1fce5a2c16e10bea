import { expect, it } from 'vitest';
import type { LabelSelector } from '../objects.ts';
import { selects } from './label-selector.ts';

const LABELS = { team: 'a', tier: 'web' };
const NOTHING: LabelSelector = { matchLabels: {}, matchExpressions: [] };

function expression(key: string, operator: string, ...values: readonly string[]): LabelSelector {
  return { ...NOTHING, matchExpressions: [{ key, operator, values }] };
}

it.each<[string, LabelSelector, boolean]>([
  ['nothing', NOTHING, true],
  ['a label that is so', { ...NOTHING, matchLabels: { team: 'a' } }, true],
  ['one that is so and one that is not', { ...NOTHING, matchLabels: { team: 'a', tier: 'db' } }, false],
  ['In, among them', expression('team', 'In', 'a', 'b'), true],
  ['In, not among them', expression('team', 'In', 'b'), false],
  ['In, without the label', expression('zone', 'In', 'b'), false],
  ['NotIn, among them', expression('team', 'NotIn', 'a'), false],
  ['NotIn, without the label', expression('zone', 'NotIn', 'a'), true],
  ['Exists', expression('team', 'Exists'), true],
  ['Exists, without the label', expression('zone', 'Exists'), false],
  ['DoesNotExist', expression('team', 'DoesNotExist'), false],
  ['an operator that nobody knows', expression('team', 'Like', 'a'), false],
])('%s: %s', (_, selector, expected) => {
  expect(selects(selector, LABELS)).toBe(expected);
});
