import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import type { CanonicalKey } from '../catalog/catalog.ts';
import type { Look, WantedKeys } from '../source/source.ts';
import { startDiscovery, type DiscoveryFixture } from '../testing/discovery-fixture.ts';
import type { DiscoveryClient } from '../testing/discovery-client.ts';
import { makeService } from '../testing/test-mesh.ts';
import { InterestIndex } from './interest-index.ts';
import { tellWanted, type LookEnd } from './wanted-keys.ts';

describe('sources that want to know', () => {
  const told: WantedKeys[] = [];
  let fixture: DiscoveryFixture;

  beforeEach(async () => {
    told.length = 0;
    fixture = await startDiscovery({
      want: (change) => {
        told.push(change);
        return [];
      },
    });
  });
  afterEach(() => fixture.close());

  it('are told of a key as it is known, where the sidecar may mean several', async () => {
    fixture.mesh.put(makeService('b', ['10.0.0.9']));
    const client = fixture.connect();
    client.hello();
    await client.take();
    client.want('host:b');
    await client.take();
    expect(told.map(({ asked }) => asked)).toEqual([['host:b.shop']]);
  });

  it('are told of the first sidecar that is interested in a key, and of the end of the last', async () => {
    const first = fixture.connect();
    first.hello();
    await first.take();
    first.want('host:b', 'ip:10.0.0.1');
    await first.take();
    const asked = ['host:b.shop', 'host:b', 'ip:10.0.0.1'];
    expect(told).toEqual([{ added: asked, removed: [], asked: asked }]);

    const second = fixture.connect();
    second.hello({ pod: 'a-2' });
    await second.take();
    second.want('ip:10.0.0.1');
    await second.take();
    expect(told[1]).toEqual({ added: [], removed: [], asked: ['ip:10.0.0.1'] });
    first.drop('ip:10.0.0.1', 'host:b');
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told[2]).toEqual({ added: [], removed: ['host:b.shop', 'host:b'], asked: [] });

    second.end();
    await vi.waitFor(() => expect(told).toHaveLength(4));
    expect(told[3]).toEqual({ added: [], removed: ['ip:10.0.0.1'], asked: [] });
  });
});

describe('a key that is looked for', () => {
  let fixture: DiscoveryFixture;
  let looks: (Look & { readonly end: (isDone: boolean) => void })[];

  /** All keys that a sidecar asks for, where nobody knows them. */
  const lookForUnknown = (asked: readonly CanonicalKey[]): readonly CanonicalKey[] =>
    asked.filter((key) => fixture.mesh.catalog.resolve(key).length === 0);

  async function begin(
    searchMs: number,
    choose: (asked: readonly CanonicalKey[]) => readonly CanonicalKey[] = lookForUnknown,
    why: Look['why'] = 'unknown',
  ): Promise<DiscoveryClient> {
    looks = [];
    const want = ({ asked }: WantedKeys): readonly Look[] => {
      const keys = new Set(choose(asked));
      if (keys.size === 0) return [];
      const { promise: over, resolve: end } = Promise.withResolvers<boolean>();
      const look = { keys, why, over, end };
      looks.push(look);
      return [look];
    };
    fixture = await startDiscovery({ want, limits: { searchMs } });
    return join('a-1');
  }

  async function join(pod: string): Promise<DiscoveryClient> {
    const client = fixture.connect();
    client.hello({ pod });
    await client.take();
    return client;
  }

  const begun = (count: number) => vi.waitFor(() => expect(looks).toHaveLength(count));
  const count = (how: LookEnd): number => fixture.looked.filter((each) => each === how).length;
  afterEach(() => fixture.close());

  it('is answered when the sources have looked for it, with what they found', async () => {
    const client = await begin(60_000);
    client.want('ip:10.0.0.9', 'ip:10.0.0.8');
    await begun(1);
    client.want('host:known');
    fixture.mesh.put(makeService('b', ['10.0.0.9']));
    const { services, answered } = await client.take();
    expect({ ids: services.map(({ id }) => id), answered }).toEqual({
      ids: ['shop/b'],
      answered: ['ip:10.0.0.9'],
    });
    looks[0]?.end(true);
    expect((await client.take()).answered).toEqual(['ip:10.0.0.8']);
    expect(count('done')).toBe(1);
  });

  it('is looked for again for who asks later, however long others have been interested in it', async () => {
    const first = await begin(60_000);
    first.want('ip:10.0.0.9');
    await begun(1);
    looks[0]?.end(true);
    expect((await first.take()).answered).toEqual(['ip:10.0.0.9']);
    const second = await join('b-1');
    second.want('ip:10.0.0.9');
    await begun(2);
    fixture.mesh.put(makeService('b', ['10.0.0.9']));
    looks[1]?.end(true);
    expect((await second.take()).services.map(({ id }) => id)).toEqual(['shop/b']);
  });

  it('is not answered by a look that had begun before it was asked for', async () => {
    const first = await begin(60_000);
    first.want('ip:10.0.0.9');
    await begun(1);
    const second = await join('b-1');
    second.want('ip:10.0.0.9');
    await begun(2);
    looks[0]?.end(true);
    expect((await first.take()).answered).toEqual(['ip:10.0.0.9']);
    second.want('ip:10.0.0.1');
    await begun(3);
    looks[2]?.end(true);
    expect((await second.take()).answered).toEqual(['ip:10.0.0.1']);
    looks[1]?.end(true);
    expect((await second.take()).answered).toEqual(['ip:10.0.0.9']);
  });

  it('holds up no answer that is known', async () => {
    const client = await begin(60_000);
    fixture.mesh.put(makeService('c', ['10.0.0.7']));
    client.want('ip:10.0.0.9', 'ip:10.0.0.7');
    const { services, answered } = await client.take();
    expect(services.map(({ id }) => id)).toEqual(['shop/c']);
    expect(answered).toEqual(['ip:10.0.0.7']);
  });

  it('is not answered with what is known where that may be old', async () => {
    const client = await begin(60_000, (asked) => asked, 'stale');
    fixture.mesh.put(makeService('c', ['10.0.0.7']));
    client.want('ip:10.0.0.7');
    await begun(1);
    const early = await client.take();
    expect({ ids: early.services.map(({ id }) => id), answered: early.answered }).toEqual({
      ids: ['shop/c'],
      answered: [],
    });
    fixture.mesh.put(makeService('c', ['10.0.0.7', '10.0.0.8']));
    const later = await client.take();
    expect({ ids: later.services.map(({ id }) => id), answered: later.answered }).toEqual({
      ids: ['shop/c'],
      answered: [],
    });
    looks[0]?.end(true);
    expect((await client.take()).answered).toEqual(['ip:10.0.0.7']);
  });

  it('is answered as nothing where they look for longer than a request waits, which is counted and told', async () => {
    const client = await begin(20);
    client.want('ip:10.0.0.9');
    const { services, answered } = await client.take();
    expect({ services, answered }).toEqual({ services: [], answered: ['ip:10.0.0.9'] });
    expect(count('cut')).toBe(1);
    expect(fixture.log.events).toContainEqual({
      event: 'look_cut',
      fields: expect.objectContaining({ keys: ['ip:10.0.0.9'], why: 'unknown', waitedMs: 20 }) as object,
    });
  });

  it('is answered at once where it cannot be looked for, which is counted', async () => {
    const client = await begin(60_000);
    client.want('ip:10.0.0.9');
    await begun(1);
    looks[0]?.end(false);
    expect((await client.take()).answered).toEqual(['ip:10.0.0.9']);
    expect(count('undone')).toBe(1);
  });
});

const IGNORED = { settled: () => undefined, ended: () => undefined };

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
        const want = ({ added, removed }: WantedKeys): readonly Look[] => {
          calls += 1;
          expect(added.length + removed.length).toBeGreaterThan(0);
          for (const key of removed) expect(known.delete(key)).toBe(true);
          for (const key of added) {
            expect(known.has(key)).toBe(false);
            known.add(key);
          }
          return [];
        };
        const log = createRecordingLog();
        const teller = tellWanted({ want, log, ...IGNORED, patienceMs: 1_000 });
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
    const want = (change: WantedKeys): readonly Look[] => {
      told.push(change);
      if (told.length === 1) throw new Error('no');
      return [];
    };
    const teller = tellWanted({ want, log, ...IGNORED, patienceMs: 1_000 });
    teller.came('ip:10.0.0.1');
    await vi.waitFor(() => expect(told).toHaveLength(1));
    teller.came('ip:10.0.0.2');
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(log.events.map(({ event }) => event)).toEqual(['want_failed']);
  });

  it('is nothing any more after the end', async () => {
    const told: WantedKeys[] = [];
    const want = (change: WantedKeys): readonly Look[] => {
      told.push(change);
      return [];
    };
    const log = createRecordingLog();
    const teller = tellWanted({ want, log, ...IGNORED, patienceMs: 1_000 });
    teller.came('ip:10.0.0.1');
    teller.close();
    teller.came('ip:10.0.0.2');
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
  });
});
