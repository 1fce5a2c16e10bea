import type { Resource } from '@lanekeeper/kubernetes/resources';
import { decodeUpdate } from '@lanekeeper/mesh-file/decode-update';
import type { LaneConfig } from '@lanekeeper/protocol/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MESH_PART } from '../../../catalog/mesh-part.ts';
import type { KubeDocument } from '../read/read-document.ts';
import { Declarations } from './declarations.ts';
import { documentOf } from './declared.fixture.ts';
import { LANE_GROUPS, LANES, TRAFFIC_LABEL_RULES, WORKLOAD_LABEL_RULES } from './resources.ts';

const CREATED = Date.parse('2026-01-01T00:00:00Z');
const MATCH = [{ headers: { 'x-tier': { exact: 'beta' } } }];

class Clock {
  nowMs = CREATED;
  readonly declarations = new Declarations({
    now: () => this.nowMs,
    isExported: () => true,
    departureMs: 60_000,
  });

  /** As the kind does it: when its alarm rings. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.declarations.passTime();
  }

  lane(spec: unknown, generation = 1): boolean {
    return this.declarations.update(LANES, 'shop/gray', documentOf(LANES, 'gray', spec, { generation }));
  }

  get lanes(): readonly LaneConfig[] {
    return this.declarations.assemble().lanes;
  }
}

function demo(): Clock {
  const clock = new Clock();
  clock.declarations.update(
    LANE_GROUPS,
    'shop/demo',
    documentOf(LANE_GROUPS, 'demo', { services: [{ name: 'a' }] }),
  );
  return clock;
}

describe('a lane with a ttl', () => {
  it('colours until it is as old as that, and routes after that', () => {
    const clock = demo();
    clock.lane({ group: 'demo', match: MATCH, fallback: [], ttl: '1h' });
    expect(clock.declarations.untilChange()).toBe(3_600_000);
    clock.pass(3_599_999);
    expect(clock.lanes).toMatchObject([{ match: MATCH }]);
    expect(clock.declarations.untilChange()).toBe(1);
    clock.pass(1);
    expect(clock.lanes).toMatchObject([{ name: 'gray', match: [], fallback: [] }]);
    expect(clock.declarations.untilChange()).toBeUndefined();
  });

  it('colours again when it may become older', () => {
    const clock = demo();
    clock.lane({ group: 'demo', match: MATCH, ttl: '1h' });
    clock.pass(3_600_000);
    clock.lane({ group: 'demo', match: MATCH, ttl: '2h' }, 2);
    expect(clock.lanes).toMatchObject([{ match: MATCH }]);
    expect(clock.declarations.untilChange()).toBe(3_600_000);
  });

  it('waits no longer than a timer can', () => {
    const clock = demo();
    clock.lane({ group: 'demo', ttl: '365d' });
    expect(clock.declarations.untilChange()).toBe(2_147_483_647);
  });
});

describe('a lane that is deleted', () => {
  it('routes for a minute, colouring nobody, and is gone then', () => {
    const clock = demo();
    clock.lane({ group: 'demo', match: MATCH, fallback: [] });
    clock.declarations.update(LANES, 'shop/gray', undefined);
    expect(clock.lanes).toMatchObject([{ name: 'gray', group: 'shop/demo', match: [], fallback: [] }]);
    expect(clock.declarations.untilChange()).toBe(60_000);
    clock.pass(60_000);
    expect([clock.lanes, clock.declarations.untilChange()]).toEqual([[], undefined]);
  });

  it('is itself again when it is made again', () => {
    const clock = demo();
    clock.lane({ group: 'demo', match: MATCH, fallback: [] });
    clock.declarations.update(LANES, 'shop/gray', undefined);
    clock.lane({ group: 'demo', match: MATCH });
    expect(clock.lanes).toMatchObject([{ match: MATCH, fallback: ['base'] }]);
    clock.pass(60_000);
    expect(clock.lanes).toHaveLength(1);
  });

  it('colours nobody from when its deletion is asked for, whoever holds it up', () => {
    const clock = demo();
    const spec = { group: 'demo', match: MATCH };
    clock.declarations.update(LANES, 'shop/gray', documentOf(LANES, 'gray', spec, { isTerminating: true }));
    expect(clock.lanes).toMatchObject([{ match: [] }]);
  });
});

describe('a group that is deleted', () => {
  const SERVICES = { services: [{ name: 'a' }] };

  function deleted(): Clock {
    const clock = demo();
    clock.lane({ group: 'demo', match: MATCH, fallback: [], selector: { version: 'x' } });
    clock.declarations.update(LANE_GROUPS, 'shop/demo', undefined);
    return clock;
  }

  it('keeps the routing of its lanes for a minute, which colour nobody', () => {
    const clock = deleted();
    expect(clock.lanes).toMatchObject([{ name: 'gray', match: [], fallback: [] }]);
    expect(clock.declarations.assemble().laneSelectors).toMatchObject([{ labels: { version: 'x' } }]);
    clock.pass(60_000);
    const { groups, lanes, laneSelectors } = clock.declarations.assemble();
    expect([groups, lanes, laneSelectors]).toEqual([[], [], []]);
  });

  it('leaves its services to whoever declares them now', () => {
    const clock = deleted();
    const other = documentOf(LANE_GROUPS, 'other', SERVICES, { creationTimestamp: '2026-02-01T00:00:00Z' });
    clock.declarations.update(LANE_GROUPS, 'shop/other', other);
    const { groups } = clock.declarations.assemble();
    expect(groups.map(({ name, services }) => [name, services.length])).toEqual([
      ['shop/other', 1],
      ['shop/demo', 0],
    ]);
  });

  it('is itself again when it is made again', () => {
    const clock = deleted();
    clock.declarations.update(LANE_GROUPS, 'shop/demo', documentOf(LANE_GROUPS, 'demo', SERVICES));
    expect(clock.lanes).toMatchObject([{ match: MATCH }]);
  });
});

describe('an object that cannot be in force', () => {
  it('leaves in force what was', () => {
    const clock = demo();
    clock.lane({ group: 'demo', match: MATCH });
    expect(clock.lane({ group: 'demo', match: 'all' }, 2)).toBe(false);
    expect(clock.lanes).toMatchObject([{ match: MATCH }]);
    expect(clock.declarations.get(LANES, 'shop/gray')?.problems).toMatchObject([{ path: 'spec.match' }]);
  });

  it('takes nothing over from one of its name that was deleted before', () => {
    const clock = demo();
    clock.lane({ group: 'demo', match: MATCH });
    const other = documentOf(LANES, 'gray', { group: 7 }, { uid: 'another' });
    clock.declarations.update(LANES, 'shop/gray', other);
    expect(clock.lanes).toEqual([]);
  });

  it('has in force what its status says was, where that is one that could be', () => {
    const spec = JSON.stringify({ group: 'demo', match: MATCH });
    for (const [kept, count] of [
      [{ generation: 3, spec }, 1],
      [{ generation: 3, spec: '{"group": 7}' }, 0],
      [{ generation: 3, spec: '{' }, 0],
      ['nonsense', 0],
    ] as const) {
      const clock = demo();
      const status = { inForce: kept };
      const document = documentOf(LANES, 'gray', { group: 7 }, { generation: 4, status });
      clock.declarations.update(LANES, 'shop/gray', document);
      expect(clock.lanes).toHaveLength(count);
    }
  });
});

it('a write of a status changes nothing that is in force', () => {
  const clock = demo();
  clock.lane({ group: 'demo' });
  const before = clock.declarations.assemble();
  const status = { conditions: [] };
  const document = documentOf(LANES, 'gray', { group: 'demo' }, { status });
  expect(clock.declarations.update(LANES, 'shop/gray', document)).toBe(false);
  expect(clock.declarations.assemble()).toBe(before);
});

const name = fc.constantFrom('gray', 'blue');
const service = fc.record({ name: fc.constantFrom('a', 'b', 'c') });
const nonsense = fc.constantFrom<unknown>(undefined, 7, {}, { group: 7 }, { services: [] });
const specs = {
  lanegroups: fc.record({
    services: fc.uniqueArray(service, { selector: (one) => one.name, minLength: 1 }),
  }),
  lanes: fc.record(
    {
      group: fc.constantFrom('gray', 'blue'),
      fallback: fc.constantFrom([], ['base'], ['blue', 'base'], ['gray']),
      serviceFallback: fc.constantFrom({}, { a: [] }, { c: ['blue'] }),
      match: fc.constantFrom([], MATCH),
      selector: fc.constantFrom({ version: 'x' }),
      ttl: fc.constantFrom('1h'),
    },
    { requiredKeys: ['group'] },
  ),
  trafficlabelrules: fc.constant({
    ...{ selector: { app: 'a' }, trafficLabel: 'gray' },
    match: [{ condition: '==', type: 'header', key: 'k', value: 'v' }],
  }),
  workloadlabelrules: fc.constantFrom(
    { workloadLabels: ['gray'], selector: { app: 'a' } },
    { workloadLabels: ['gray'], selector: { db: 'orders' } },
  ),
} as const;

interface Step {
  readonly resource: Resource;
  readonly key: string;
  /** Undefined: it is deleted. */
  readonly document: KubeDocument | undefined;
  readonly passMs: number;
}

const steps = fc.array(
  fc
    .constantFrom(LANE_GROUPS, LANES, TRAFFIC_LABEL_RULES, WORKLOAD_LABEL_RULES)
    .chain((resource) =>
      fc.record({
        resource: fc.constant(resource),
        name,
        spec: fc.oneof(
          { weight: 5, arbitrary: specs[resource.plural as keyof typeof specs] as fc.Arbitrary<unknown> },
          { weight: 1, arbitrary: nonsense },
        ),
        age: fc.constantFrom('2026-01-01T00:00:00Z', '2025-12-31T23:30:00Z'),
        isDeleted: fc.integer({ max: 9, min: 0 }).map((roll) => roll < 2),
        passMs: fc.constantFrom(0, 0, 30_000, 3_600_000),
      }),
    )
    .map(({ resource, name: called, spec, age, isDeleted, passMs }): Step => ({
      ...{ resource, key: `shop/${called}`, passMs },
      document: isDeleted ? undefined : documentOf(resource, called, spec, { creationTimestamp: age }),
    })),
  { maxLength: 20 },
);

it('whatever is declared, sidecars accept what it means', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const clock = new Clock();
      for (const { resource, key, document, passMs } of all) {
        clock.declarations.update(resource, key, document);
        if (passMs > 0) clock.pass(passMs);
        const { groups, lanes, colouring } = clock.declarations.assemble();
        const value = { ...DEFAULT_MESH_PART, groups, lanes, colouring };
        const update = { nonce: '1', mesh: { version: 'v', value }, services: [], removed: [], answered: [] };
        const decoded = decodeUpdate(JSON.parse(JSON.stringify({ kind: 'update', ...update })));
        expect('problems' in decoded ? decoded.problems : []).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

it('what is in force does not depend on the order in which objects came', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const last = new Map(all.map((step) => [`${step.resource.plural} ${step.key}`, step]));
      const standing = [...last.values()].filter(({ document }) => document !== undefined);
      const [there, back] = [new Clock(), new Clock()];
      for (const { resource, key, document } of standing) there.declarations.update(resource, key, document);
      for (const { resource, key, document } of standing.toReversed())
        back.declarations.update(resource, key, document);
      const [a, b] = [there.declarations.assemble(), back.declarations.assemble()];
      expect([a.groups, a.lanes, a.colouring, a.laneSelectors]).toEqual([
        ...[b.groups, b.lanes, b.colouring, b.laneSelectors],
      ]);
    }),
  );
});
