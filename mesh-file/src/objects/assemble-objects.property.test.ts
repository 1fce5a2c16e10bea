import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUpdate } from '../decode-update.ts';
import { DEFAULT_MESH_SETTINGS } from '../decode-settings.ts';
import { assembleObjects } from './assemble-objects.ts';
import { decodeObject } from './decode-object.ts';
import { describeObject, type MeshObject } from './object-types.ts';

// Few names, so that objects refer to each other, claim the same things and miss.
const NAMESPACE = fc.constantFrom('shop', 'other');
const SERVICE = fc.constantFrom('a', 'b', 'orders@@v1', 'constructor');
const LANE = fc.constantFrom('gray', 'blue', 'red');
const GROUP = fc.constantFrom('demo', 'more');
const REFERENCE = fc.oneof(
  SERVICE,
  fc.tuple(NAMESPACE, SERVICE).map((parts) => parts.join('/')),
);

function meta(name: fc.Arbitrary<string>): fc.Arbitrary<object> {
  const creationTimestamp = fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z');
  return fc.record({ name, namespace: NAMESPACE, creationTimestamp });
}

function written(kind: string, name: fc.Arbitrary<string>, spec: fc.Arbitrary<object>): fc.Arbitrary<object> {
  const group = kind.endsWith('Rule') ? 'traffic.opensergo.io' : 'lanekeeper.io';
  return fc.record({
    apiVersion: fc.constant(`${group}/v1alpha1`),
    kind: fc.constant(kind),
    metadata: meta(name),
    spec,
  });
}

const chain = fc
  .tuple(fc.uniqueArray(LANE, { maxLength: 2 }), fc.boolean())
  .map(([lanes, isBased]) => (isBased ? [...lanes, 'base'] : lanes));

const member = fc.record({ name: SERVICE, namespace: NAMESPACE });

const group = written(
  'LaneGroup',
  GROUP,
  fc.record(
    {
      services: fc.uniqueArray(member, {
        minLength: 1,
        maxLength: 3,
        selector: ({ name, namespace }) => `${namespace}/${name}`,
      }),
      mode: fc.constantFrom('strict', 'permissive'),
      evidence: fc.record({ bridge: fc.constant(['x-tag']) }),
    },
    { requiredKeys: ['services'] },
  ),
);

const lane = written(
  'Lane',
  LANE,
  fc.record(
    {
      group: GROUP,
      fallback: chain,
      serviceFallback: fc.dictionary(REFERENCE, chain, { maxKeys: 3 }),
      entries: fc.array(REFERENCE, { maxLength: 2 }),
      match: fc.constant([{ hosts: ['*.example.com'] }, { headers: { constructor: { present: true } } }]),
      priority: fc.integer({ min: -5, max: 5 }),
    },
    { requiredKeys: ['group'] },
  ),
);

const rule = written(
  'TrafficLabelRule',
  GROUP,
  fc.record({
    selector: fc.record({ app: SERVICE }),
    trafficLabel: LANE,
    match: fc.constant([{ condition: '==', type: 'query', key: '__proto__', value: 7 }]),
  }),
);

function decoded(values: readonly object[]): readonly MeshObject[] {
  const objects = values.flatMap((value) => {
    const result = decodeObject(value);
    return 'object' in result ? [result.object] : [];
  });
  // In a cluster a name of a kind is there once.
  return [...new Map(objects.map((object) => [describeObject(object), object])).values()];
}

const world = fc.array(fc.oneof(group, lane, rule), { maxLength: 12 }).map(decoded);

test('whatever objects say together, sidecars accept it, and every object gets a verdict', () => {
  let lanes = 0;
  fc.assert(
    fc.property(world, (objects) => {
      const {
        groups,
        lanes: placed,
        colouring,
        verdicts,
      } = assembleObjects(objects, { settings: DEFAULT_MESH_SETTINGS });
      lanes += placed.length;
      const value = {
        settings: DEFAULT_MESH_SETTINGS,
        groups,
        lanes: placed,
        colouring,
        gateway: { trustIncomingTag: false, routes: [] },
      };
      const update = {
        kind: 'update',
        nonce: 'n',
        mesh: { version: 'v', value },
        services: [],
        removed: [],
        answered: [],
      };
      expect(decodeUpdate(JSON.parse(JSON.stringify(update)))).not.toHaveProperty('problems');
      expect(new Set(verdicts.keys())).toEqual(new Set(objects));
      for (const { isInForce, problems } of verdicts.values())
        if (!isInForce) expect(problems).not.toEqual([]);
    }),
    { numRuns: 500 },
  );
  expect(lanes).toBeGreaterThan(100);
});

test('the order in which objects come does not matter', () => {
  fc.assert(
    fc.property(
      world.chain((objects) =>
        fc.tuple(fc.constant(objects), fc.shuffledSubarray([...objects], { minLength: objects.length })),
      ),
      ([objects, shuffled]) => {
        const [a, b] = [objects, shuffled].map((each) =>
          assembleObjects(each, { settings: DEFAULT_MESH_SETTINGS }),
        );
        expect([a?.groups, a?.lanes, a?.colouring]).toEqual([b?.groups, b?.lanes, b?.colouring]);
      },
    ),
    { numRuns: 200 },
  );
});

test('the decoder of objects never throws, whatever it is given', () => {
  const kinds = fc.constantFrom(
    'LaneGroup',
    'Lane',
    'GatewayConfig',
    'TrafficLabelRule',
    'WorkloadLabelRule',
  );
  const keys = fc.constantFrom(
    'services',
    'match',
    'selector',
    'group',
    'fallback',
    'listeners',
    'replicas',
    'ttl',
    '__proto__',
  );
  const anything = fc.anything({ maxDepth: 4, withNullPrototype: false });
  const object = kinds.chain((kind) =>
    fc.record({
      apiVersion: fc.constant(
        kind.endsWith('Rule') ? 'traffic.opensergo.io/v1alpha1' : 'lanekeeper.io/v1alpha1',
      ),
      kind: fc.constant(kind),
      metadata: fc.oneof(fc.record({ name: anything }), anything),
      spec: fc.oneof(fc.dictionary(keys, anything), anything),
    }),
  );
  fc.assert(
    fc.property(fc.oneof(object, anything), (value) => {
      const result = decodeObject(value);
      expect('object' in result || result.problems.length > 0).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
