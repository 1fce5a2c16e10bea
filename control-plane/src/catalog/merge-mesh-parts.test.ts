import fc from 'fast-check';
import { decodeConfig } from '@lanekeeper/mesh-file/decode-config';
import { decodeUpdate } from '@lanekeeper/mesh-file/decode-update';
import type { MeshPart } from '@lanekeeper/protocol/discovery';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MESH_PART } from './mesh-part.ts';
import { mergeMeshParts } from './merge-mesh-parts.ts';
import type { SourcePart } from './source-part.ts';

function partOf(text: string): MeshPart {
  const decoded = decodeConfig(text, { otherServices: 'elsewhere' });
  if ('problems' in decoded) throw new Error(JSON.stringify(decoded.problems));
  const { settings, groups, lanes, colouring, gateway } = decoded.config;
  return { settings, groups, lanes, colouring, gateway };
}

function said(source: string, text: string, document = ''): SourcePart {
  return { source, document, part: partOf(text) };
}

describe('of several sources', () => {
  it('each setting is as the first says that says anything of it', () => {
    const { part, findings } = mergeMeshParts([
      said('nacos', 'settings: {mode: strict, baggageKey: colour, evidence: {bridge: [x-lane]}}', 'a.yaml'),
      said('file', 'settings: {baggageKey: way, balancing: {zoneAware: true}}'),
    ]);
    expect(part.settings).toEqual({
      ...DEFAULT_MESH_PART.settings,
      mode: 'strict',
      baggageKey: 'way',
      evidence: { trace: true, inFlight: true, bridge: ['x-lane'] },
      balancing: { policy: 'least-request', zoneAware: true },
    });
    expect(findings).toEqual([
      'settings.baggageKey: what nacos (a.yaml) says does not count, file declares it',
    ]);
  });

  it('groups, lanes and routes come together by name', () => {
    const { part, findings } = mergeMeshParts([
      said(
        'nacos',
        `
groups: [{name: demo, services: [a, b]}, {name: more, services: [c]}]
lanes: [{name: gray, group: demo, priority: 1}, {name: blue, group: demo}, {name: gray, group: more}]
gateway: {routes: [{hosts: [x.example, y.example], service: c, port: 80}, {service: a, port: 80}]}
`,
        'lanekeeper-demo.yaml',
      ),
      said(
        'file',
        `
groups: [{name: demo, services: [a]}, {name: other, services: [b]}]
lanes: [{name: gray, group: demo}, {name: gray, group: other}]
gateway: {trustIncomingTag: true, routes: [{hosts: [x.example], service: a, port: 80}]}
`,
      ),
    ]);
    expect(part.groups.map(({ name, services }) => [name, services.map((service) => service.name)])).toEqual([
      ['demo', ['a']],
      ['other', ['b']],
      ['more', ['c']],
    ]);
    expect(part.lanes.map(({ group, name, priority }) => [group, name, priority])).toEqual([
      ['demo', 'gray', 0],
      ['other', 'gray', 0],
      ['demo', 'blue', 0],
      ['more', 'gray', 0],
    ]);
    expect(part.gateway.trustIncomingTag).toBe(true);
    expect(part.gateway.routes.map(({ hosts, service }) => [hosts, service.name])).toEqual([
      [['x.example'], 'a'],
      [['y.example'], 'c'],
      [['*'], 'a'],
    ]);
    expect(findings).toEqual([
      'group demo: what nacos (lanekeeper-demo.yaml) says does not count, file declares it',
      'lane gray of group demo: what nacos (lanekeeper-demo.yaml) says does not count, file declares it',
      'route for x.example /: what nacos (lanekeeper-demo.yaml) says does not count, file declares it',
    ]);
  });

  it('a service stays with the group that has it first, and lanes speak of members only', () => {
    const { part, findings } = mergeMeshParts([
      said('nacos', 'groups: [{name: one, services: [a]}]', '1.yaml'),
      said(
        'nacos',
        'groups: [{name: two, services: [a, b]}]\nlanes: [{name: gray, group: two, serviceFallback: {a: [], default/b: []}}]',
        '2.yaml',
      ),
    ]);
    expect(part.groups[1]?.services).toEqual([{ name: 'b', namespace: 'default' }]);
    expect(part.lanes[0]?.serviceFallback).toEqual({ 'default/b': [] });
    expect(findings).toEqual([
      'service default/a as a member of a group: what nacos (2.yaml), group two, says does not count, nacos (1.yaml), group one, declares it',
      'lane gray of group two: its fallback for a does not count, which is no member of the group',
    ]);
  });

  it('what two say alike is nothing to tell', () => {
    const text =
      'groups: [{name: demo, services: [a]}]\nlanes: [{name: gray, group: demo}]\nsettings: {mode: strict}';
    const merged = mergeMeshParts([said('nacos', text, '1'), said('nacos', text, '2')]);
    expect(merged).toEqual({ part: partOf(text), findings: [] });
  });

  it('nobody’s word is what holds anyway', () => {
    expect(mergeMeshParts([])).toEqual({ part: DEFAULT_MESH_PART, findings: [] });
    expect(mergeMeshParts([said('nacos', 'services: []', 'gone.yaml')]).part).toEqual(DEFAULT_MESH_PART);
  });
});

const SERVICES = ['a', 'b', 'c'];
const LANES = ['gray', 'blue', 'green'];

/** A group, its members and its lanes as one document could have them. */
const someGroup = fc
  .record({
    name: fc.constantFrom('one', 'two'),
    services: fc.subarray(SERVICES),
    lanes: fc.subarray(LANES),
    isStrict: fc.boolean(),
    chained: fc.constantFrom(...LANES),
    alone: fc.constantFrom(...SERVICES),
  })
  .map(({ name, services, lanes, isStrict, chained, alone }) => ({
    group: { name, services, ...(isStrict ? { mode: 'strict' } : {}) },
    lanes: lanes.map((lane) => ({
      name: lane,
      group: name,
      ...(chained !== lane && lanes.includes(chained) ? { fallback: [chained, 'base'] } : {}),
      ...(services.includes(alone) ? { serviceFallback: { [alone]: [] } } : {}),
    })),
  }));

const someRoute = fc.record({
  hosts: fc.subarray(['x.example', 'y.example', '*'], { minLength: 1 }),
  pathPrefix: fc.constantFrom('/', '/a', '/a/'),
  service: fc.constantFrom(...SERVICES),
  port: fc.constant(80),
});

const somePart: fc.Arbitrary<MeshPart> = fc
  .record({
    groups: fc.uniqueArray(someGroup, { selector: ({ group }) => group.name }),
    routes: fc.uniqueArray(someRoute, { selector: () => 'one', maxLength: 1 }),
    settings: fc.record(
      { mode: fc.constantFrom('strict', 'permissive'), baggageKey: fc.constantFrom('lane', 'way', 'colour') },
      { requiredKeys: [] },
    ),
    trustIncomingTag: fc.boolean(),
  })
  .filter(({ groups }) => {
    const members = groups.flatMap(({ group }) => group.services);
    return new Set(members).size === members.length;
  })
  .map(({ groups, routes, settings, trustIncomingTag }) =>
    partOf(
      JSON.stringify({
        settings,
        groups: groups.map(({ group }) => group),
        lanes: groups.flatMap(({ lanes }) => lanes),
        gateway: { trustIncomingTag, routes },
      }),
    ),
  );

const someParts: fc.Arbitrary<readonly SourcePart[]> = fc.uniqueArray(
  fc.record({
    source: fc.constantFrom('file', 'kubernetes', 'nacos'),
    document: fc.constantFrom('', 'lanekeeper-a.yaml', 'lanekeeper-b.yaml'),
    part: somePart,
  }),
  { selector: ({ source, document }) => `${source} ${document}`, maxLength: 5 },
);

describe('whatever several sources say', () => {
  it('sidecars accept what comes of it', () => {
    fc.assert(
      fc.property(someParts, (parts) => {
        const { part } = mergeMeshParts(parts);
        const update = {
          nonce: '1',
          mesh: { version: 'v', value: part },
          services: [],
          removed: [],
          answered: [],
        };
        expect(decodeUpdate(JSON.parse(JSON.stringify(update)))).toMatchObject({ update: { nonce: '1' } });
      }),
      { numRuns: 500 },
    );
  });

  it('the order in which they say it does not matter', () => {
    const shuffled = someParts.chain((parts) =>
      fc.tuple(fc.constant(parts), fc.shuffledSubarray([...parts], { minLength: parts.length })),
    );
    fc.assert(
      fc.property(shuffled, ([parts, others]) => {
        expect(mergeMeshParts(others)).toEqual(mergeMeshParts(parts));
      }),
      { numRuns: 500 },
    );
  });

  it('one that says nothing changes nothing', () => {
    fc.assert(
      fc.property(someParts, fc.constantFrom('file', 'nacos'), (parts, source) => {
        const silent = { source, document: 'gone.yaml', part: DEFAULT_MESH_PART };
        expect(mergeMeshParts([...parts, silent])).toEqual(mergeMeshParts(parts));
      }),
      { numRuns: 200 },
    );
  });
});
