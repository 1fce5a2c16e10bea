import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CanonicalKey } from '../../catalog/catalog.ts';
import { settle, sourceOf } from './source.fixture.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SERVICES = ['a', 'b', 'c'] as const;
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const KEYS: readonly CanonicalKey[] = [
  ...SERVICES.map((name) => `host:${name}.default` as const),
  ...ADDRESSES.map((address) => `ip:${address}` as const),
];

const EVENT = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    service: fc.constantFrom(...SERVICES),
    instances: fc.subarray([...ADDRESSES]),
  }),
  fc.record({ kind: fc.constant('delete' as const), service: fc.constantFrom(...SERVICES) }),
  fc.record({ kind: fc.constantFrom('want' as const, 'unwant' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ kind: fc.constantFrom('lose' as const, 'connect' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60_000 }) }),
);

it('knows in the end exactly what the server says, whatever happened on the way, and follows only what is wanted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(EVENT, { maxLength: 40 }), async (events) => {
      const world = sourceOf();
      await world.start();
      const client = world.client();
      const wanted = new Set<CanonicalKey>();
      const lists = new Map<string, readonly string[]>();
      for (const event of events) {
        if (event.kind === 'set') {
          client.set(event.service, ...event.instances);
          lists.set(event.service, event.instances);
        } else if (event.kind === 'delete') {
          client.set(event.service);
          client.delete(event.service);
          lists.delete(event.service);
        } else if (event.kind === 'want') {
          if (!wanted.has(event.key)) world.want(event.key);
          wanted.add(event.key);
        } else if (event.kind === 'unwant') {
          if (wanted.delete(event.key)) world.unwant(event.key);
        } else if (event.kind === 'lose') client.lose();
        else if (event.kind === 'connect') client.connect();
        else if (event.kind === 'wait') await vi.advanceTimersByTimeAsync(event.ms);
        await settle();
      }
      client.connect();
      await vi.advanceTimersByTimeAsync(700_000);
      expect(world.isStarted()).toBe(true);
      expect(world.source.problems()).toEqual([]);
      for (const name of SERVICES) {
        const known = world.endpoints(`default/${name}`);
        const said = lists.get(name)?.map((address) => `${address} base ok`);
        // What was deleted while somebody needs it may stay, with nobody in it.
        if (said === undefined) expect(known ?? []).toEqual([]);
        else expect(known).toEqual(said);
        if (said !== undefined && wanted.has(`host:${name}.default`)) {
          expect(client.followed()).toContain(`DEFAULT_GROUP@@${name}`);
        }
      }
      if (wanted.size === 0) expect(client.followed()).toEqual([]);
      world.source.close();
    }),
    { numRuns: 60 },
  );
});
