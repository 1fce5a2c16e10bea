import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubePod } from '../source/kubernetes/objects.ts';
import { planPod } from './plan-pod.ts';
import { assemblePlan, instanceKey, type PodPlan, type RegistrationPlan } from './registration-plan.ts';
import { RegistrationTable } from './registration-table.ts';
import { around, askingPod } from './registration.fixture.ts';

const NAMES = ['a-1', 'a-2', 'a-3', 'b-1'];

const somePod = fc.record({
  name: fc.constantFrom(...NAMES),
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', ''),
  lane: fc.constantFrom('gray', 'blue', '', 'No!'),
  nacos: fc.constantFrom<Record<string, string>>(
    { port: '80' },
    { port: '81', service: 'x' },
    { port: 'x' },
    {},
  ),
  isReady: fc.boolean(),
  isTerminating: fc.boolean(),
  isDraining: fc.boolean(),
  isGone: fc.boolean(),
});

const comparable = ({ byPlace, refused, waiting }: RegistrationPlan) => ({ byPlace, refused, waiting });

describe('the plan of all pods', () => {
  it('is the same whether it is made at once or change by change', () => {
    fc.assert(
      fc.property(fc.array(somePod), (steps) => {
        const pods = new Map<string, KubePod>();
        const draining = new Set<string>();
        const surroundings = around({ isDraining: ({ meta }) => draining.has(meta.name) });
        const table = new RegistrationTable(pods, surroundings);
        for (const { name, address, lane, nacos, isReady, isTerminating, isDraining, isGone } of steps) {
          const labels = lane === '' ? {} : { 'lanekeeper.io/lane': lane };
          const key = `shop/${name}`;
          if (isGone) pods.delete(key);
          else pods.set(key, askingPod(name, { address, labels, nacos, pod: { isReady, isTerminating } }));
          if (isDraining) draining.add(name);
          else draining.delete(name);
          table.update([key]);
        }
        const all = [...pods].flatMap(([key, pod]) => {
          const plan = planPod(pod, surroundings);
          return plan === undefined ? [] : [[key, plan] as const];
        });
        expect(comparable(table.plan)).toEqual(comparable(assemblePlan(new Map(all))));
        const registrations = [...table.plan.byPlace.values()].flatMap(({ place, registrations: some }) =>
          some.map((registration) => instanceKey({ place, registration })),
        );
        expect(new Set(registrations).size).toBe(registrations.length);
      }),
    );
  });

  it('registers an address and port once, and says so to the second that has them', () => {
    const pods = new Map(['a-1', 'a-2'].map((name) => [`shop/${name}`, askingPod(name)]));
    const table = new RegistrationTable(pods, around());
    expect(table.update(pods.keys())).toEqual({ left: [] });
    expect([...table.plan.byPlace.values()].map(({ registrations }) => registrations.length)).toEqual([1]);
    expect([...table.plan.refused]).toEqual([
      ['shop/a-2', ['its address and port are registered for Pod shop/a-1 already']],
    ]);
    expect(table.update(pods.keys())).toBeUndefined();
  });

  it('tells which instances have left it, but not one that another pod has by now', () => {
    const pods = new Map(['a-1', 'a-2'].map((name) => [`shop/${name}`, askingPod(name)]));
    const table = new RegistrationTable(pods, around());
    table.update(pods.keys());
    pods.delete('shop/a-1');
    expect(table.update(['shop/a-1'])).toEqual({ left: [] });
    pods.set('shop/a-2', askingPod('a-2', { pod: { isTerminating: true } }));
    expect(table.update(['shop/a-2'])).toMatchObject({ left: [{ registration: { ip: '10.0.0.1' } }] });
  });

  it('knows the pods of a namespace whose labels have changed', () => {
    const pods = new Map([
      ['shop/a-1', askingPod('a-1')],
      ['other/a-1', askingPod('a-1', { namespace: 'other', address: '10.0.0.2' })],
    ]);
    const table = new RegistrationTable(pods, around());
    table.update(pods.keys());
    expect(table.in(new Set(['other']))).toEqual(['other/a-1']);
    expect(table.in(new Set())).toEqual([]);
  });

  it('does not depend on the order in which pods came', () => {
    const plans = NAMES.map((name, at): readonly [string, PodPlan] => [
      `shop/${name}`,
      { kind: 'waiting', why: String(at) },
    ]);
    expect(comparable(assemblePlan(new Map(plans.toReversed())))).toEqual(
      comparable(assemblePlan(new Map(plans))),
    );
  });
});
