import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTROLLER_NAME } from './controller-name.ts';
import { mergeStatus, patchOf } from './merge-status.ts';

const NOW = '2026-11-21T12:00:00Z';
const BEFORE = '2026-01-01T00:00:00Z';

function condition(type: string, status: string, rest: Readonly<Record<string, unknown>> = {}): object {
  return { type, status, reason: 'Because', message: '', ...rest };
}

describe('conditions', () => {
  it('keep their time while their status is the same, whatever the message', () => {
    const standing = { conditions: [condition('Ready', 'True', { lastTransitionTime: BEFORE })] };
    const wanted = { conditions: [condition('Ready', 'True', { message: 'new', observedGeneration: 2 })] };
    expect(mergeStatus(standing, wanted, NOW)).toEqual({
      conditions: [
        condition('Ready', 'True', { message: 'new', observedGeneration: 2, lastTransitionTime: BEFORE }),
      ],
    });
  });

  it('get the time of now when their status changes, or when they are new', () => {
    const standing = { conditions: [condition('Ready', 'True', { lastTransitionTime: BEFORE })] };
    const wanted = { conditions: [condition('Ready', 'False'), condition('Accepted', 'True')] };
    expect(mergeStatus(standing, wanted, NOW)).toEqual({
      conditions: [
        condition('Ready', 'False', { lastTransitionTime: NOW }),
        condition('Accepted', 'True', { lastTransitionTime: NOW }),
      ],
    });
  });

  it('of others stay where they are', () => {
    const others = condition('example.com/Synced', 'True', { lastTransitionTime: BEFORE });
    const merged = mergeStatus({ conditions: [others] }, { conditions: [condition('Ready', 'True')] }, NOW);
    expect(merged['conditions']).toEqual([others, condition('Ready', 'True', { lastTransitionTime: NOW })]);
  });
});

describe('parents of a route', () => {
  const theirs = {
    parentRef: { name: 'edge' },
    controllerName: 'example.com/other',
    conditions: [condition('Accepted', 'True', { lastTransitionTime: BEFORE })],
  };
  const ours = (name: string, status: string, rest: object = {}): object => ({
    parentRef: { name, ...rest },
    controllerName: CONTROLLER_NAME,
    conditions: [condition('Accepted', status)],
  });

  it('keep the entries of other controllers, also of the same Gateway', () => {
    const merged = mergeStatus({ parents: [theirs] }, { parents: [ours('edge', 'True')] }, NOW);
    expect(merged['parents']).toEqual([theirs, expect.objectContaining({ controllerName: CONTROLLER_NAME })]);
  });

  it('keep what other controllers say now, whatever was known of it', () => {
    const stale = { ...theirs, conditions: [condition('Accepted', 'False')] };
    expect(mergeStatus({ parents: [theirs] }, { parents: [stale] }, NOW)).toEqual({ parents: [theirs] });
  });

  it('lose those of ours that are not wanted any more', () => {
    const standing = { parents: [ours('old', 'True'), theirs] };
    expect(mergeStatus(standing, { parents: [] }, NOW)).toEqual({ parents: [theirs] });
  });

  it('are the same with what the server has filled in of their reference', () => {
    const filled = { group: 'gateway.networking.k8s.io', kind: 'Gateway' };
    const first = mergeStatus({}, { parents: [ours('edge', 'True', filled)] }, BEFORE);
    expect(patchOf(first, mergeStatus(first, { parents: [ours('edge', 'True')] }, NOW))).toBeUndefined();
  });
});

it('listeners are as they are wanted, with the times of their conditions', () => {
  const listener = (name: string): object => ({ name, conditions: [condition('Accepted', 'True')] });
  const standing = mergeStatus({}, { listeners: [listener('http'), listener('old')] }, BEFORE);
  const merged = mergeStatus(standing, { listeners: [listener('new'), listener('http')] }, NOW);
  expect(merged['listeners']).toMatchObject([
    { name: 'new', conditions: [{ lastTransitionTime: NOW }] },
    { name: 'http', conditions: [{ lastTransitionTime: BEFORE }] },
  ]);
});

it('a field that is wanted as undefined goes, one that is not named stays', () => {
  const merged = mergeStatus({ a: 1, b: 2, c: { x: 1, y: 2 } }, { a: undefined, c: { y: 2 } }, NOW);
  expect(merged).toEqual({ b: 2, c: { y: 2 } });
  expect(patchOf({ a: 1, b: 2, c: { x: 1, y: 2 } }, merged)).toEqual({ a: null, c: { x: null } });
});

/** RFC 7396. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = apply(result[key], value);
  }
  return result;
}

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    ...[fc.integer({ max: 3 }), fc.constantFrom('x', 'y'), fc.boolean()],
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
const object = fc.dictionary(fc.constantFrom('a', 'b', 'c'), json, { maxKeys: 3, noNullPrototype: true });

it('a patch makes of what stands there what is wanted, and of what is as wanted there is none', () => {
  fc.assert(
    fc.property(fc.option(object, { nil: undefined }), object, (before, after) => {
      expect(apply(before, patchOf(before, after) ?? {})).toEqual(after);
      expect(patchOf(after, after)).toBeUndefined();
    }),
  );
});

const aCondition = fc.record({
  type: fc.constantFrom('Ready', 'Accepted', 'x.io/A', 'x.io/B'),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: fc.constantFrom('A', 'B'),
  message: fc.constantFrom('', 'why'),
});
const someConditions = fc.uniqueArray(aCondition, { selector: ({ type }) => type, maxLength: 4 });

it('conditions that are merged once stay as they are when they are merged again', () => {
  fc.assert(
    fc.property(someConditions, someConditions, (standing, wanted) => {
      const first = mergeStatus({ conditions: standing }, { conditions: wanted }, BEFORE);
      expect(mergeStatus(first, { conditions: wanted }, NOW)).toEqual(first);
      const types = new Set([...standing, ...wanted].map(({ type }) => type));
      expect((first['conditions'] as readonly unknown[]).length).toBe(types.size);
    }),
  );
});
