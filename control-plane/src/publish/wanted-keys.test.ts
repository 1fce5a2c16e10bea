import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import type { CanonicalKey } from '../catalog/catalog.ts';
import type { WantedKeys } from '../source/source.ts';
import { startDiscovery, type DiscoveryFixture } from '../testing/discovery-fixture.ts';
import type { DiscoveryClient } from '../testing/discovery-client.ts';
import { makeService } from '../testing/test-mesh.ts';
import { InterestIndex } from './interest-index.ts';
import { tellWanted } from './wanted-keys.ts';

describe('sources that want to know', () => {
  const told: WantedKeys[] = [];
  let fixture: DiscoveryFixture;

  beforeEach(async () => {
    told.length = 0;
    fixture = await startDiscovery({
      want: (change) => {
        told.push(change);
        return undefined;
      },
    });
  });
  afterEach(() => fixture.close());

  it('are told of the first sidecar that is interested in a key, and of the end of the last', async () => {
    const first = fixture.connect();
    first.hello();
    await first.take();
    first.want('host:b', 'ip:10.0.0.1');
    await first.take();
    expect(told).toEqual([{ added: ['host:b.shop', 'host:b', 'ip:10.0.0.1'], removed: [] }]);

    const second = fixture.connect();
    second.hello({ pod: 'a-2' });
    await second.take();
    second.want('ip:10.0.0.1');
    await second.take();
    first.drop('ip:10.0.0.1', 'host:b');
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told[1]).toEqual({ added: [], removed: ['host:b.shop', 'host:b'] });

    second.end();
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told[2]).toEqual({ added: [], removed: ['ip:10.0.0.1'] });
  });
});

describe('a key that nobody knows', () => {
  let fixture: DiscoveryFixture;
  let look: PromiseWithResolvers<void>;

  async function ask(searchMs: number): Promise<DiscoveryClient> {
    look = Promise.withResolvers<void>();
    fixture = await startDiscovery({ want: () => look.promise, limits: { searchMs } });
    const client = fixture.connect();
    client.hello();
    await client.take();
    client.want('ip:10.0.0.9');
    return client;
  }
  afterEach(() => fixture.close());

  it('is answered when the sources have looked for it, with what they found', async () => {
    const client = await ask(60_000);
    client.want('ip:10.0.0.8');
    fixture.mesh.put(makeService('b', ['10.0.0.9']));
    look.resolve();
    const { services, answered } = await client.take();
    expect(services.map(({ id }) => id)).toEqual(['shop/b']);
    expect(answered).toContain('ip:10.0.0.9');
  });

  it('holds up no answer that is known', async () => {
    const client = await ask(60_000);
    fixture.mesh.put(makeService('c', ['10.0.0.7']));
    client.want('ip:10.0.0.7');
    const { services, answered } = await client.take();
    expect(services.map(({ id }) => id)).toEqual(['shop/c']);
    expect(answered).toEqual(['ip:10.0.0.7']);
  });

  it('is answered as nothing where they look for longer than a request waits', async () => {
    const client = await ask(20);
    const { services, answered } = await client.take();
    expect({ services, answered }).toEqual({ services: [], answered: ['ip:10.0.0.9'] });
  });
});

describe('what is told', () => {
  const KEYS: readonly CanonicalKey[] = ['host:a.shop', 'host:b.shop', 'ip:10.0.0.1'];
  const step = fc.record({
    stream: fc.constantFrom(1, 2, 3),
    key: fc.constantFrom(...KEYS),
    isAdd: fc.boolean(),
    endsTurn: fc.boolean(),
  });

  it('adds up to what is wanted, and each turn says only what is new', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const known = new Set<CanonicalKey>();
        let calls = 0;
        const want = ({ added, removed }: WantedKeys): undefined => {
          calls += 1;
          expect(added.length + removed.length).toBeGreaterThan(0);
          for (const key of removed) expect(known.delete(key)).toBe(true);
          for (const key of added) {
            expect(known.has(key)).toBe(false);
            known.add(key);
          }
        };
        const log = createRecordingLog();
        const teller = tellWanted({ want, settled: () => undefined, patienceMs: 1_000, log });
        const index = new InterestIndex<number>(teller);
        const wanted = (): readonly CanonicalKey[] => KEYS.filter((key) => index.concerned([key]).size > 0);
        let turns = 1;
        for (const { stream, key, isAdd, endsTurn } of steps) {
          if (isAdd) index.add(stream, [key]);
          else index.remove(stream, [key]);
          if (!endsTurn) continue;
          turns += 1;
          await new Promise((resolve) => setImmediate(resolve));
          expect([...known].sort()).toEqual([...wanted()].sort());
        }
        await new Promise((resolve) => setImmediate(resolve));
        expect([...known].sort()).toEqual([...wanted()].sort());
        expect(calls).toBeLessThanOrEqual(turns);
      }),
      { numRuns: 300 },
    );
  });

  it('is complained of where it cannot be taken, and the next is told all the same', async () => {
    const log = createRecordingLog();
    const told: WantedKeys[] = [];
    const want = (change: WantedKeys): undefined => {
      told.push(change);
      if (told.length === 1) throw new Error('no');
    };
    const teller = tellWanted({ want, settled: () => undefined, patienceMs: 1_000, log });
    teller.came('ip:10.0.0.1');
    await vi.waitFor(() => expect(told).toHaveLength(1));
    teller.came('ip:10.0.0.2');
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(log.events.map(({ event }) => event)).toEqual(['want_failed']);
  });

  it('is nothing any more after the end', async () => {
    const told: WantedKeys[] = [];
    const want = (change: WantedKeys): undefined => void told.push(change);
    const log = createRecordingLog();
    const teller = tellWanted({ want, settled: () => undefined, patienceMs: 1_000, log });
    teller.came('ip:10.0.0.1');
    teller.close();
    teller.came('ip:10.0.0.2');
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
  });
});
