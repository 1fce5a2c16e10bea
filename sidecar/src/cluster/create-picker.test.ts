import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Balancing } from '@lanekeeper/protocol/model';
import type { Endpoint, Subset } from '../route/snapshot.ts';
import { createPicker } from './create-picker.ts';
import { createEndpointLoads } from './endpoint-loads.ts';
import { createOutlierDetector, OUTLIER_DEFAULTS } from './outlier.ts';

interface Shape {
  readonly weight: number;
  readonly healthy?: boolean;
  readonly zone?: string;
}

function subsetOf(lane: string, shapes: readonly Shape[]): Subset {
  const endpoints = shapes.map(({ weight, healthy = true, zone }, index): Endpoint => ({
    key: `192.0.2.${index}:80`,
    address: `192.0.2.${index}`,
    port: 80,
    lane,
    weight,
    zone,
    pod: undefined,
    healthy,
    source: 'file',
  }));
  const usable = endpoints.filter((endpoint) => endpoint.healthy && endpoint.weight > 0);
  const unusable = endpoints
    .filter((endpoint) => !usable.includes(endpoint))
    .map(({ key, healthy }) => ({
      endpoint: key,
      reason: healthy ? ('zero-weight' as const) : ('unhealthy' as const),
    }));
  return { lane, endpoints, usable, unusable };
}

/** A small seeded generator (mulberry32), so that a distribution is the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function world(balancing: Partial<Balancing> = {}, zone?: string) {
  const loads = createEndpointLoads();
  const clock = { now: 0 };
  const outliers = createOutlierDetector({ ...OUTLIER_DEFAULTS, now: () => clock.now });
  const picker = createPicker({
    balancing: () => ({ policy: 'least-request', zoneAware: false, ...balancing }),
    zone: () => zone,
    clientAddress: '10.9.0.1',
    loads,
    outliers,
    random: seeded(7),
  });
  const eject = (endpoint: Endpoint) => {
    for (let failure = 0; failure < OUTLIER_DEFAULTS.consecutiveFailures; failure += 1)
      outliers.failed(endpoint.key, 'connect-failed');
  };
  return { loads, clock, outliers, picker, eject };
}

const ANY = { tried: undefined, preferred: undefined };

function at(subset: Subset, index: number): Endpoint {
  const endpoint = subset.endpoints[index];
  if (endpoint === undefined) throw new Error(`the subset has no endpoint ${index}`);
  return endpoint;
}

const policies = fc.constantFrom<Balancing['policy']>('least-request', 'round-robin');
const shapes = fc.array(
  fc.record({
    weight: fc.integer({ min: 0, max: 10_000 }),
    healthy: fc.boolean(),
    zone: fc.constantFrom('north', 'south'),
  }),
  { maxLength: 12 },
);

describe('createPicker', () => {
  it('never picks an unusable, ejected or tried endpoint, and finds one whenever one is left', () => {
    const scenario = fc.record({
      shapes,
      policy: policies,
      zoneAware: fc.boolean(),
      lane: fc.constantFrom('gray', 'base'),
      ejected: fc.array(fc.nat(11)),
      tried: fc.array(fc.nat(11)),
      busy: fc.array(fc.nat(11)),
    });
    fc.assert(
      fc.property(scenario, (s) => {
        const { picker, eject, loads } = world(s, 'north');
        const subset = subsetOf(s.lane, s.shapes);
        const keyed = (indices: number[]) => indices.flatMap((index) => subset.endpoints[index] ?? []);
        for (const endpoint of new Set(keyed(s.ejected))) eject(endpoint);
        for (const endpoint of keyed(s.busy)) loads.started(endpoint.key);
        const tried = new Set(keyed(s.tried).map((endpoint) => endpoint.key));
        const query = { tried, preferred: undefined };
        const dropped = new Set(picker.dropped(subset, query).map((entry) => entry.endpoint));
        const left = subset.endpoints.filter((endpoint) => !dropped.has(endpoint.key));
        for (let pick = 0; pick < 20; pick += 1) {
          const picked = picker.pick(subset, query);
          expect(picked === undefined).toBe(left.length === 0);
          if (picked !== undefined) expect(left).toContain(picked);
        }
        for (const endpoint of subset.usable)
          if (tried.has(endpoint.key)) expect(dropped).toContain(endpoint.key);
        for (const { endpoint } of subset.unusable) expect(dropped).toContain(endpoint);
      }),
      { numRuns: 2_000 },
    );
  });

  it('shares picks by weight under either policy', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(weights, policies, (wanted, policy) => {
        const { picker } = world({ policy });
        const subset = subsetOf(
          'base',
          wanted.map((weight) => ({ weight })),
        );
        const counts = new Map<string, number>();
        const picks = 20_000;
        for (let pick = 0; pick < picks; pick += 1) {
          const key = picker.pick(subset, ANY)?.key ?? 'none';
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        const total = wanted.reduce((sum, weight) => sum + weight, 0);
        wanted.forEach((weight, index) => {
          const share = (counts.get(at(subset, index).key) ?? 0) / picks;
          expect(Math.abs(share - weight / total)).toBeLessThan(0.02);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('keeps requests in flight in proportion to weight when requests do not end', () => {
    const { picker, loads } = world();
    const subset = subsetOf('base', [{ weight: 1 }, { weight: 3 }, { weight: 6 }]);
    for (let pick = 0; pick < 1_000; pick += 1) loads.started(picker.pick(subset, ANY)?.key ?? 'none');
    const held = subset.endpoints.map((endpoint) => loads.of(endpoint.key));
    expect(held[0]).toBeGreaterThanOrEqual(80);
    expect(held[0]).toBeLessThanOrEqual(120);
    expect(held[2]).toBeGreaterThanOrEqual(560);
    expect(held[2]).toBeLessThanOrEqual(640);
  });

  it('sends fewer requests to an endpoint that holds many', () => {
    const { picker, loads } = world();
    const subset = subsetOf(
      'base',
      Array.from({ length: 4 }, () => ({ weight: 1 })),
    );
    for (const endpoint of subset.endpoints) loads.started(endpoint.key);
    for (let held = 0; held < 10; held += 1) loads.started(at(subset, 0).key);
    const picks = Array.from({ length: 400 }, () => picker.pick(subset, ANY));
    expect(picks.filter((endpoint) => endpoint === at(subset, 0))).toHaveLength(0);
  });

  it('spreads the turns of a heavy endpoint over the round instead of bunching them', () => {
    const { picker } = world({ policy: 'round-robin' });
    const subset = subsetOf('base', [{ weight: 2 }, { weight: 1 }, { weight: 1 }]);
    const picks = Array.from({ length: 40 }, () => picker.pick(subset, ANY));
    picks.slice(2).forEach((endpoint, index) => {
      const run = [picks[index], picks[index + 1], endpoint];
      expect(run.every((each) => each === run[0])).toBe(false);
    });
  });

  it('stays in the own zone while half of its endpoints are usable, and leaves it when fewer are', () => {
    const { picker, eject } = world({ zoneAware: true }, 'north');
    const subset = subsetOf('base', [
      ...Array.from({ length: 4 }, () => ({ weight: 1, zone: 'north' })),
      ...Array.from({ length: 4 }, () => ({ weight: 1, zone: 'south' })),
    ]);
    const zones = () => new Set(Array.from({ length: 200 }, () => picker.pick(subset, ANY)?.zone));
    eject(at(subset, 0));
    eject(at(subset, 1));
    expect(zones()).toEqual(new Set(['north']));
    eject(at(subset, 2));
    expect(zones()).toEqual(new Set(['north', 'south']));
  });

  it('retries in another zone when every endpoint of its own was tried', () => {
    const { picker } = world({ zoneAware: true }, 'north');
    const subset = subsetOf('base', [
      { weight: 1, zone: 'north' },
      { weight: 1, zone: 'south' },
    ]);
    const tried = new Set([at(subset, 0).key]);
    expect(picker.pick(subset, { tried, preferred: undefined })).toBe(at(subset, 1));
  });

  it('ejects a lane whole, but never more than half of the baseline', () => {
    const { picker, eject } = world();
    for (const [lane, left] of [
      ['gray', 0],
      ['base', 3],
    ] as const) {
      const subset = subsetOf(
        lane,
        Array.from({ length: 5 }, () => ({ weight: 1 })),
      );
      for (const endpoint of subset.endpoints) eject(endpoint);
      const picked = new Set(Array.from({ length: 200 }, () => picker.pick(subset, ANY)));
      picked.delete(undefined);
      expect(picked.size).toBe(left);
      expect(picker.dropped(subset, ANY)).toHaveLength(5 - left);
    }
  });

  it('takes an endpoint back when its ejection is over', () => {
    const { picker, eject, clock } = world();
    const subset = subsetOf('gray', [{ weight: 1 }]);
    eject(at(subset, 0));
    expect(picker.pick(subset, ANY)).toBeUndefined();
    clock.now += OUTLIER_DEFAULTS.baseEjectionMs;
    expect(picker.pick(subset, ANY)).toBe(at(subset, 0));
  });

  it("keeps the application's own choice while it is usable and of the subset", () => {
    const { picker, eject } = world();
    const subset = subsetOf('gray', [{ weight: 10_000 }, { weight: 1 }]);
    const preferred = at(subset, 1);
    const stranger = { ...preferred, key: '198.51.100.9:80' };
    expect(picker.pick(subset, { tried: undefined, preferred })).toBe(preferred);
    expect(picker.pick(subset, { tried: undefined, preferred: stranger })).not.toBe(stranger);
    expect(picker.pick(subset, { tried: new Set([preferred.key]), preferred })).toBe(at(subset, 0));
    eject(preferred);
    expect(picker.pick(subset, { tried: undefined, preferred })).toBe(at(subset, 0));
  });

  it('keeps to one endpoint where a service wants that, and only moves while that one is unusable', () => {
    const { picker, eject, clock } = world();
    const subset: Subset = {
      ...subsetOf(
        'gray',
        Array.from({ length: 5 }, () => ({ weight: 100 })),
      ),
      affinity: 'client-ip',
    };
    const pickMany = () => new Set(Array.from({ length: 50 }, () => picker.pick(subset, ANY)));
    const [kept, ...others] = pickMany();
    if (kept === undefined) throw new Error('nothing was picked');
    expect(others).toEqual([]);
    eject(kept);
    const meanwhile = pickMany();
    expect(meanwhile.size).toBe(1);
    expect(meanwhile).not.toContain(kept);
    clock.now += OUTLIER_DEFAULTS.baseEjectionMs;
    expect(pickMany()).toEqual(new Set([kept]));
  });

  it('takes the zone of the caller when it becomes known', () => {
    const caller: { zone?: string } = {};
    const picker = createPicker({
      balancing: () => ({ policy: 'least-request', zoneAware: true }),
      zone: () => caller.zone,
      clientAddress: '',
      loads: createEndpointLoads(),
      outliers: createOutlierDetector({ ...OUTLIER_DEFAULTS, now: () => 0 }),
      random: seeded(7),
    });
    const subset = subsetOf('gray', [
      { weight: 1, zone: 'north' },
      { weight: 1, zone: 'south' },
    ]);
    const zones = () => new Set(Array.from({ length: 50 }, () => picker.pick(subset, ANY)?.zone));
    expect(zones()).toEqual(new Set(['north', 'south']));
    caller.zone = 'south';
    expect(zones()).toEqual(new Set(['south']));
  });
});
