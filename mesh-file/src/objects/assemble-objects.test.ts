import { describe, expect, test } from 'vitest';
import { DEFAULT_MESH_SETTINGS } from '../decode-settings.ts';
import { assembleObjects, type AssembledObjects, type AssembleOptions } from './assemble-objects.ts';
import { decodeObject } from './decode-object.ts';
import { describeObject, type MeshObject } from './object-types.ts';

function decoded(value: object): MeshObject {
  const result = decodeObject(value);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.object;
}

function group(name: string, services: readonly object[], createdAt = '2026-01-01T00:00:00Z'): MeshObject {
  const metadata = { name, namespace: 'shop', creationTimestamp: createdAt };
  return decoded({ apiVersion: 'lanekeeper.io/v1alpha1', kind: 'LaneGroup', metadata, spec: { services } });
}

function lane(name: string, spec: object = {}): MeshObject {
  const metadata = { name, namespace: 'shop' };
  return decoded({
    apiVersion: 'lanekeeper.io/v1alpha1',
    kind: 'Lane',
    metadata,
    spec: { group: 'demo', ...spec },
  });
}

function assemble(objects: readonly MeshObject[], options: Partial<AssembleOptions> = {}): AssembledObjects {
  return assembleObjects(objects, { settings: DEFAULT_MESH_SETTINGS, ...options });
}

function verdictsOf({ verdicts }: AssembledObjects): Record<string, unknown> {
  return Object.fromEntries(
    [...verdicts].map(([object, { isInForce, reason, problems }]) => [
      describeObject(object),
      [isInForce, reason, ...problems.map(({ path, message }) => `${path}: ${message}`)],
    ]),
  );
}

const DEMO = group('demo', [{ name: 'a' }, { name: 'c', namespace: 'other' }]);

describe('objects together', () => {
  test('become groups, lanes and rules as sidecars know them', () => {
    const rule = decoded({
      ...{ apiVersion: 'traffic.opensergo.io/v1alpha1', kind: 'TrafficLabelRule' },
      metadata: { name: 'testers', namespace: 'shop' },
      spec: {
        selector: { app: 'edge' },
        trafficLabel: 'gray',
        match: [{ condition: '==', type: 'path', value: '/x' }],
      },
    });
    const gray = lane('gray', {
      entries: ['a', 'other/edge'],
      serviceFallback: { c: [] },
      selector: { track: 'canary' },
    });
    const result = assemble([rule, gray, DEMO]);
    const { mode, evidence } = DEFAULT_MESH_SETTINGS;
    expect(result.groups).toEqual([
      {
        name: 'shop/demo',
        services: [
          { name: 'a', namespace: 'shop' },
          { name: 'c', namespace: 'other' },
        ],
        mode,
        evidence,
      },
    ]);
    expect(result.lanes).toEqual([
      {
        ...{ name: 'gray', group: 'shop/demo', fallback: ['base'], serviceFallback: { 'other/c': [] } },
        ...{ match: [], entries: ['shop/a', 'other/edge'], priority: 0, selector: { track: 'canary' } },
      },
    ]);
    expect(result.colouring).toEqual([
      {
        ...{ name: 'TrafficLabelRule shop/testers', lane: 'gray', entries: ['shop/edge'] },
        ...{ match: [{ paths: [{ exact: '/x' }] }], priority: 0 },
      },
    ]);
    expect(result.laneSelectors).toEqual([
      { lane: 'gray', group: 'shop/demo', labels: { track: 'canary' }, object: gray },
    ]);
    expect(Object.values(verdictsOf(result))).toEqual([
      [true, 'Accepted'],
      [true, 'Accepted'],
      [true, 'Accepted'],
    ]);
  });

  test('leave a service that two groups claim to the older one, whatever their order', () => {
    const younger = group('younger', [{ name: 'a' }, { name: 'd' }], '2026-02-01T00:00:00Z');
    for (const objects of [
      [DEMO, younger],
      [younger, DEMO],
    ]) {
      const result = assemble(objects);
      expect(
        result.groups.map(({ name, services }) => [name, services.map((service) => service.name)]),
      ).toEqual([
        ['shop/demo', ['a', 'c']],
        ['shop/younger', ['d']],
      ]);
      expect(verdictsOf(result)['LaneGroup shop/younger']).toEqual([
        ...[true, 'ServiceInTwoGroups'],
        'spec.services[0]: service shop/a belongs to the older LaneGroup shop/demo; take it out of one of the two',
      ]);
    }
  });

  test('keep out a service that its owners do not export to the namespace of the group', () => {
    const result = assemble([DEMO], {
      isExported: ({ name }, namespace) => name !== 'c' && namespace === 'shop',
    });
    expect(result.groups[0]?.services).toEqual([{ name: 'a', namespace: 'shop' }]);
    expect(verdictsOf(result)['LaneGroup shop/demo']).toEqual([
      ...[true, 'NotExported'],
      'spec.services[1]: service other/c is not exported to namespace shop (lanekeeper.io/export-to on the Service), so it is not in this group',
    ]);
  });

  test('keep a lane out of force whose group is not there, and say which one may be meant', () => {
    const result = assemble([DEMO, lane('gray', { group: 'demos' })]);
    expect(result.lanes).toEqual([]);
    expect(verdictsOf(result)['Lane shop/gray']).toEqual([
      ...[false, 'GroupNotFound'],
      'spec.group: there is no LaneGroup shop/demos; did you mean shop/demo?; without it nothing of this lane is in force',
    ]);
  });

  test('leave out of a chain what is not there, and keep the rest in force', () => {
    const result = assemble([
      DEMO,
      lane('gray', { fallback: ['gone', 'base'], serviceFallback: { x: ['base'] } }),
    ]);
    expect(result.lanes).toMatchObject([{ fallback: ['base'], serviceFallback: {} }]);
    expect(verdictsOf(result)['Lane shop/gray']).toEqual([
      ...[true, 'FallbackUnknown'],
      'spec.fallback[0]: there is no lane gone in LaneGroup shop/demo; it is left out of the chain',
      'spec.serviceFallback.x: x is no member of LaneGroup shop/demo; its chain is not used',
    ]);
  });

  test('give the chain that names a namespace before the one that does not', () => {
    const { lanes } = assemble([DEMO, lane('gray', { serviceFallback: { 'other/c': [], c: ['base'] } })]);
    expect(lanes[0]?.serviceFallback).toEqual({ 'other/c': [] });
  });

  test('take the rules of an expired lane out of force, and keep its routing', () => {
    const gray = lane('gray', { match: [{ hosts: ['a.example.com'] }] });
    expect(assemble([DEMO, gray]).lanes[0]?.match).toHaveLength(1);
    expect(assemble([DEMO, gray], { hasExpired: (object) => object === gray }).lanes).toMatchObject([
      { name: 'gray', match: [], fallback: ['base'] },
    ]);
  });

  test('label pods of an app, and say of data that it is not yet effective', () => {
    const rule = (name: string, selector: object): MeshObject =>
      decoded({
        ...{ apiVersion: 'traffic.opensergo.io/v1alpha1', kind: 'WorkloadLabelRule' },
        metadata: { name, namespace: 'shop' },
        spec: { workloadLabels: ['gray'], selector },
      });
    const pods = rule('pods', { app: 'orders', track: 'canary' });
    const result = assemble([pods, rule('data', { app: 'orders', database: 'foo_db' })]);
    expect(result.workloadLabels).toEqual([
      { lane: 'gray', namespace: 'shop', app: 'orders', labels: { track: 'canary' }, object: pods },
    ]);
    expect(verdictsOf(result)).toEqual({
      'WorkloadLabelRule shop/pods': [true, 'Accepted'],
      'WorkloadLabelRule shop/data': [
        ...[false, 'NotYetEffective'],
        'spec.selector: it selects data (app, database); labels of databases and tables are not yet effective',
      ],
    });
  });
});
