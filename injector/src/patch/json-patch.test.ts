import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { applied } from '../testing/apply-patch.ts';
import { podOf } from '../testing/admission.ts';
import { applyEdits, type Edit } from './edits.ts';
import { toOperations } from './json-patch.ts';

const KEY = fc.constantFrom('a', 'b', 'a/b', 'm~n', '', '0', 'constructor');
/** Without the one member name that the other implementation loses when it copies a value. */
const VALUE = fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('__proto__'));
const LIST = fc.option(fc.array(fc.dictionary(KEY, fc.integer()), { minLength: 1, maxLength: 4 }));
const OBJECT = fc.record(
  { members: fc.option(fc.dictionary(KEY, VALUE)), list: LIST, other: VALUE },
  { requiredKeys: [] },
);
const EDIT: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant('set'),
    path: fc.constantFrom(['members'], ['new', 'deep']),
    key: KEY,
    value: VALUE,
  }),
  fc.record({ kind: fc.constant('drop'), path: fc.constant(['members']), key: KEY }),
  fc.record({
    kind: fc.constantFrom('prepend', 'append'),
    path: fc.constantFrom(['list'], ['fresh', 'list']),
    items: fc.array(VALUE, { maxLength: 3 }),
  }),
);

/** Edits as the injector plans them: no member twice, for the second would speak of what the first has made. */
const EDITS = fc.uniqueArray(EDIT, {
  maxLength: 6,
  selector: (edit) => JSON.stringify([edit.path, 'key' in edit ? edit.key : edit.kind]),
});

describe('toOperations', () => {
  it('says one prepended variable before 2,000 others in one operation', () => {
    const env = Array.from({ length: 2_000 }, (_, index) => ({ name: `V${index}`, value: 'x' }));
    const pod = podOf({ container: { env } });
    const item = { name: 'HTTP_PROXY', value: 'http://127.0.0.1:15001' };
    const edits: readonly Edit[] = [
      { kind: 'prepend', path: ['spec', 'containers', 0, 'env'], items: [item] },
    ];
    expect(toOperations(pod, edits)).toEqual([{ op: 'add', path: '/spec/containers/0/env/0', value: item }]);
  });

  it('makes a missing mapping once, and removes nothing that is not there', () => {
    const edits: readonly Edit[] = [
      { kind: 'set', path: ['metadata', 'labels'], key: 'a/b', value: '1' },
      { kind: 'set', path: ['metadata', 'labels'], key: 'c~d', value: '2' },
      { kind: 'drop', path: ['metadata', 'annotations'], key: 'gone' },
    ];
    expect(toOperations({}, edits)).toEqual([
      { op: 'add', path: '/metadata', value: {} },
      { op: 'add', path: '/metadata/labels', value: {} },
      { op: 'add', path: '/metadata/labels/a~1b', value: '1' },
      { op: 'add', path: '/metadata/labels/c~0d', value: '2' },
    ]);
  });

  it('is, applied by another implementation, the edited object', () => {
    fc.assert(
      fc.property(OBJECT, EDITS, (object, edits) => {
        const plain = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
        const expected: unknown = JSON.parse(JSON.stringify(applyEdits(plain, edits)));
        expect(applied(plain, toOperations(plain, edits))).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});
