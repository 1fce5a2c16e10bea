import { isDeepStrictEqual } from 'node:util';
import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { LaneConfig, LaneGroupConfig } from '@lanekeeper/protocol/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Versioned } from '../catalog/catalog.ts';
import { DEFAULT_MESH_PART } from '../catalog/mesh-part.ts';
import { VersionedValue } from '../catalog/versioned.ts';
import { GroupAcks, type ConnectedSidecar } from './count-acks.ts';
import { isRouted, totalOf } from './lane-total.ts';
import { laneKey } from './lane-content.ts';
import { PublishedLanes } from './published-lanes.ts';
import { firstStage, nextStage, publishedMesh, settle, type Stage } from './stage.ts';

const TIMEOUT_MS = 100;
const PODS = ['a-1', 'a-2', 'b-1', 'c-1', 'gateway'] as const;
const EVIDENCE = { trace: true, inFlight: true, bridge: [] };

const arbitraryGroup = (name: string): fc.Arbitrary<LaneGroupConfig> =>
  fc.record({
    name: fc.constant(name),
    services: fc
      .subarray(name === 'one' ? ['a', 'b'] : ['c'])
      .map((names) => names.map((service) => ({ name: service, namespace: 'shop' }))),
    mode: fc.constantFrom('permissive' as const, 'strict' as const),
    evidence: fc.constant(EVIDENCE),
  });
const arbitraryLane: fc.Arbitrary<LaneConfig> = fc.record({
  name: fc.constantFrom('blue', 'gray'),
  group: fc.constantFrom('one', 'two'),
  fallback: fc.constantFrom([], ['base']),
  serviceFallback: fc.constant({}),
  match: fc.array(
    fc.integer({ min: 0, max: 3 }).map((id) => ({ hosts: [`r${id}`] })),
    { maxLength: 2 },
  ),
  entries: fc.subarray(['a']),
  priority: fc.constant(0),
});
const arbitraryMesh: fc.Arbitrary<MeshPart> = fc.record({
  settings: fc.constant(DEFAULT_MESH_PART.settings),
  groups: fc.tuple(arbitraryGroup('one'), arbitraryGroup('two')),
  lanes: fc.uniqueArray(arbitraryLane, { selector: laneKey, maxLength: 4 }),
  colouring: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('x', 'y'),
      lane: fc.constantFrom('blue', 'gray'),
      entries: fc.constant(['a']),
      match: fc.integer({ min: 0, max: 3 }).map((id) => [{ hosts: [`c${id}`] }]),
      priority: fc.constant(0),
    }),
    { selector: ({ name }) => name, maxLength: 2 },
  ),
  gateway: fc.constant(DEFAULT_MESH_PART.gateway),
});

type Step =
  | { readonly kind: 'change'; readonly mesh: MeshPart }
  | { readonly kind: 'send' | 'take' | 'join' | 'leave'; readonly pod: (typeof PODS)[number] }
  | { readonly kind: 'pass'; readonly ms: number };

const pod = fc.constantFrom(...PODS);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('change' as const), mesh: arbitraryMesh }),
    fc.record({
      kind: fc.constantFrom('send' as const, 'take' as const, 'join' as const, 'leave' as const),
      pod,
    }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 }) }),
  ),
  { maxLength: 30 },
);

/** What may be in force at a sidecar: what it has acknowledged, and what is on its way to it. */
interface Held {
  readonly acknowledged?: Versioned<MeshPart>;
  readonly underWay?: Versioned<MeshPart>;
}

/** A control plane and sidecars that take what is published when a step says so. */
class World {
  readonly held = new Map<string, Held>();
  readonly #published = new PublishedLanes();
  stage: Stage;
  mesh: Versioned<MeshPart>;
  now = 0;

  constructor(first: MeshPart) {
    this.stage = firstStage(first, new Map(), 0);
    this.mesh = new VersionedValue(first);
    this.#published.add(this.mesh, this.stage);
  }

  do(step: Step): void {
    if (step.kind === 'pass') this.now += step.ms;
    else if (step.kind === 'change') this.stage = nextStage(this.stage, step.mesh, this.now);
    else if (step.kind === 'leave') this.held.delete(step.pod);
    else this.#deliver(step);
    this.#publish();
    this.stage = settle(this.stage, {
      isRouted: (lane) => isRouted(totalOf(lane, this.acks().count(lane, this.#published), new Map())),
      nowMs: this.now,
      timeoutMs: TIMEOUT_MS,
    });
    this.#publish();
  }

  #deliver({ kind, pod: name }: Extract<Step, { readonly pod: string }>): void {
    const held = this.held.get(name);
    if (kind === 'join') this.held.set(name, {});
    else if (kind === 'send' && held !== undefined) this.held.set(name, { underWay: this.mesh, ...held });
    else if (kind === 'take' && held !== undefined)
      this.held.set(name, { acknowledged: held.underWay ?? this.mesh });
  }

  acks(): GroupAcks {
    return new GroupAcks(this.sidecars(), this.stage.wanted);
  }

  *sidecars(): Iterable<ConnectedSidecar> {
    for (const [name, { acknowledged, underWay }] of this.held) {
      const isGateway = name === 'gateway';
      const services = isGateway ? [] : [`shop/${name[0]}`];
      const meshes = `${acknowledged?.version ?? ''} ${underWay?.version ?? ''}`.trimEnd();
      yield { pod: name, isGateway, services, meshes };
    }
  }

  members(group: string): readonly string[] {
    const services = this.stage.wanted.groups.find(({ name }) => name === group)?.services ?? [];
    const names = services.map(({ name }) => name);
    return [...this.held.keys()].filter((name) => name === 'gateway' || names.includes(name[0] ?? ''));
  }

  #publish(): void {
    const next = new VersionedValue(publishedMesh(this.stage));
    if (next.version !== this.mesh.version) this.mesh = next;
    this.#published.add(this.mesh, this.stage);
  }
}

/** What brings requests of a lane to endpoints, as a mesh has it. */
function routingOf(mesh: MeshPart | undefined, key: string): string {
  const lane = mesh?.lanes.find((each) => laneKey(each) === key);
  const group = mesh?.groups.find(({ name }) => name === lane?.group);
  return JSON.stringify([lane?.fallback, lane?.serviceFallback, group]);
}

const rulesOf = (mesh: MeshPart, key: string): string => {
  const lane = mesh.lanes.find((each) => laneKey(each) === key);
  return JSON.stringify([lane?.match ?? [], lane?.entries ?? []]);
};
const NO_MATCH = /^\[\[\],/;

/** Which lanes are routed by all who must, as what the sidecars really hold says. */
class Routed {
  readonly #since = new Map<string, { readonly routing: string; readonly ms: number }>();
  readonly #routed = new Map<string, string>();

  constructor(first: MeshPart) {
    for (const lane of first.lanes) this.#routed.set(laneKey(lane), routingOf(first, laneKey(lane)));
  }

  follow(world: World): void {
    for (const key of this.#routed.keys()) if (!world.stage.lanes.has(key)) this.#routed.delete(key);
    for (const [key, { lane }] of world.stage.lanes) {
      const routing = routingOf(world.mesh.value, key);
      if (this.#routed.get(key) === routing) continue;
      this.#routed.delete(key);
      if (this.#since.get(key)?.routing !== routing) this.#since.set(key, { routing, ms: world.now });
      const isOver = world.now - (this.#since.get(key)?.ms ?? 0) >= TIMEOUT_MS;
      const all = world.members(lane.group).every((name) => {
        const { acknowledged, underWay = acknowledged } = world.held.get(name) ?? {};
        return [acknowledged, underWay].every((mesh) => routingOf(mesh?.value, key) === routing);
      });
      if (isOver || all) this.#routed.set(key, routing);
    }
  }

  has(key: string): boolean {
    return this.#routed.has(key);
  }
}

it('no rule comes into force before all connected sidecars of its group route the lane, unless the time is over', () => {
  fc.assert(
    fc.property(arbitraryMesh, steps, (first, all) => {
      const world = new World(first);
      const routed = new Routed(first);
      for (const step of all) {
        const before = world.mesh.value;
        world.do(step);
        routed.follow(world);
        for (const key of world.stage.lanes.keys()) {
          const rules = rulesOf(world.mesh.value, key);
          if (rules === rulesOf(before, key) || NO_MATCH.test(rules)) continue;
          expect({ key, isRouted: routed.has(key) }).toEqual({ key, isRouted: true });
        }
        for (const rule of world.mesh.value.colouring) {
          if (before.colouring.some((old) => isDeepStrictEqual(old, rule))) continue;
          const lanes = [...world.stage.lanes].filter(([, { lane }]) => lane.name === rule.lane);
          expect(lanes.filter(([key]) => !routed.has(key))).toEqual([]);
        }
      }
    }),
    { numRuns: 500 },
  );
});

it('a lane that is routed already changes its rules at once, whatever becomes of others', () => {
  fc.assert(
    fc.property(arbitraryMesh, steps, arbitraryMesh, (first, all, last) => {
      const world = new World(first);
      for (const step of all) world.do(step);
      const before = world.stage;
      world.do({ kind: 'change', mesh: last });
      for (const [key, lane] of world.stage.lanes) {
        const old = before.lanes.get(key);
        if (old?.routing !== lane.routing || old.waitingSinceMs !== undefined) continue;
        expect(rulesOf(world.mesh.value, key)).toBe(rulesOf(last, key));
      }
    }),
    { numRuns: 500 },
  );
});

it('routing is published at once, and rules once all sidecars have it or the time is over', () => {
  const ends: readonly (readonly Step[])[] = [
    [...PODS, ...PODS].map((name) => ({ kind: 'take', pod: name }) as const),
    [{ kind: 'pass', ms: TIMEOUT_MS }],
  ];
  fc.assert(
    fc.property(arbitraryMesh, steps, arbitraryMesh, fc.constantFrom(...ends), (first, all, last, end) => {
      const world = new World(first);
      for (const step of all) world.do(step);
      world.do({ kind: 'change', mesh: last });
      for (const lane of last.lanes) {
        const key = laneKey(lane);
        expect(routingOf(world.mesh.value, key)).toBe(routingOf(last, key));
      }
      for (const step of end) world.do(step);
      expect(world.mesh.value).toEqual(last);
    }),
    { numRuns: 500 },
  );
});
