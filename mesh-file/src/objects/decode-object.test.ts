import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { decodeObject } from './decode-object.ts';
import { LIMITS } from './limits.ts';

interface Refused {
  readonly name: string;
  readonly problems: readonly string[];
  readonly object: unknown;
}

function documentsOf<T>(file: string): readonly T[] {
  const text = readFileSync(new URL(`./testdata/${file}`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as T);
}

const accepted = documentsOf<unknown>('accepted-objects.yaml');
const refused = documentsOf<Refused>('refused-objects.yaml');

function problemsOf(object: unknown): readonly string[] {
  const decoded = decodeObject(object);
  return 'problems' in decoded ? decoded.problems.map(({ path, message }) => `${path}: ${message}`) : [];
}

function lane(spec: object, metadata: object = { name: 'gray', namespace: 'shop' }): object {
  return { apiVersion: 'lanekeeper.io/v1alpha1', kind: 'Lane', metadata, spec: { group: 'demo', ...spec } };
}

describe('an object that is right', () => {
  test('is read with its defaults filled in', async () => {
    const read = accepted.map((object) => decodeObject(object));
    await expect(`${JSON.stringify(read, null, 1)}\n`).toMatchFileSnapshot(
      './testdata/accepted-objects.golden.txt',
    );
  });

  test('may carry what only an API server gives, and a status of any version', () => {
    const metadata = {
      ...{ name: 'gray', namespace: 'shop', uid: 'u-1', generation: 3, resourceVersion: '12' },
      ...{ creationTimestamp: '2026-01-01T00:00:00Z', deletionTimestamp: '2026-01-02T00:00:00Z' },
      ...{ managedFields: [{}], finalizers: ['x'] },
    };
    const decoded = decodeObject({ ...lane({}, metadata), status: { anything: [1] } });
    expect(decoded).toMatchObject({
      object: { meta: { uid: 'u-1', generation: 3, createdAt: Date.UTC(2026, 0, 1), isBeingDeleted: true } },
    });
  });
});

describe('an object with mistakes', () => {
  test.each(refused.map((each) => [each.name, each] as const))(
    'is refused with all of them: %s',
    (_, each) => {
      expect(problemsOf(each.object)).toEqual(each.problems);
    },
  );

  test('is told of a slip in a key, and of the key that was meant', () => {
    expect(problemsOf(lane({ fallbacks: ['base'], services: [] }))).toEqual([
      'spec.fallbacks: unknown key; did you mean fallback?',
      'spec.services: services belong to the LaneGroup; a lane names its group',
    ]);
  });

  test('may not be of another version, or of a kind that there is not', () => {
    expect(
      problemsOf({ apiVersion: 'lanekeeper.io/v1', kind: 'Lane', metadata: { name: 'gray' }, spec: {} }),
    ).toEqual(['apiVersion: expected lanekeeper.io/v1alpha1 for a Lane, found lanekeeper.io/v1']);
    expect(problemsOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } })).toEqual([
      'kind: expected one of LaneGroup, Lane, GatewayConfig, TrafficLabelRule, WorkloadLabelRule, found "Pod"',
    ]);
  });

  test.each([[null], ['Lane'], [[]], [{}], [{ kind: 'Lane' }], [{ ...lane({}), spec: [] }], [lane({}, [])]])(
    'never makes the decoder throw: %j',
    (value) => {
      expect(problemsOf(value)).not.toEqual([]);
    },
  );

  test.each([
    ['spec.match', { match: Array.from({ length: LIMITS.rules + 1 }, () => ({ hosts: ['a'] })) }],
    [
      'spec.match[0].regions',
      { match: [{ regions: Array.from({ length: LIMITS.conditionItems + 1 }, (_, i) => `r${i}`) }] },
    ],
    ['spec.entries', { entries: Array.from({ length: LIMITS.entries + 1 }, (_, i) => `e${i}`) }],
    ['spec.fallback', { fallback: Array.from({ length: LIMITS.lanesOfChain + 1 }, (_, i) => `l${i}`) }],
    [
      'spec.selector',
      { selector: Object.fromEntries(Array.from({ length: LIMITS.labels + 1 }, (_, i) => [`l${i}`, 'x'])) },
    ],
  ])('may not hold more than its definition allows: %s', (path, spec) => {
    expect(problemsOf(lane(spec))).toEqual([
      expect.stringMatching(
        new RegExp(`^${path.replaceAll(/[[\].]/g, String.raw`\$&`)}: expected at most`),
      ) as unknown,
    ]);
  });
});
