import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CanonicalKey } from '../../catalog/catalog.ts';
import type { Look } from '../source.ts';
import { settle, startedSource as started } from './source.fixture.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type World = Awaited<ReturnType<typeof started>>;

describe('a look for what nobody knows', () => {
  /** What each look has found when it says that it is over. */
  function found(world: World, key: CanonicalKey, looks: readonly Look[]) {
    const answers: (readonly [isDone: boolean, ids: readonly string[]])[] = [];
    for (const { over, keys } of looks) {
      expect([...keys]).toEqual([key]);
      void over.then((isDone) => answers.push([isDone, world.catalog.resolve(key)]));
    }
    return answers;
  }

  it('is over when it is found, so that an answer can wait for it', async () => {
    const world = await started();
    world.client().set('new', '10.0.0.9');
    const answers = found(world, 'ip:10.0.0.9', world.want('ip:10.0.0.9'));
    await settle();
    expect(answers).toEqual([[true, ['default/new']]]);
  });

  it('goes on for each who asks, however short a time ago others did', async () => {
    const world = await started();
    world.want('ip:10.0.0.9');
    await settle();
    for (const service of ['new', 'orders', 'stock', 'newer']) {
      const answers = found(world, 'ip:10.0.0.9', world.ask('ip:10.0.0.9'));
      world.client().set(service, '10.0.0.9');
      await vi.advanceTimersByTimeAsync(1_000);
      expect(answers, service).toEqual([[true, [`default/${service}`]]]);
      world.client().set(service);
      world.client().delete(service);
      await vi.advanceTimersByTimeAsync(1_000);
    }
  });

  it('does not count where it began before the question', async () => {
    const world = await started();
    const gate = Promise.withResolvers<void>();
    world.client().gate = gate.promise;
    world.want('ip:10.0.0.8');
    await settle();
    const answers = found(world, 'ip:10.0.0.9', world.want('ip:10.0.0.9'));
    world.client().set('new', '10.0.0.9');
    world.client().gate = Promise.resolve();
    gate.resolve();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answers).toEqual([[true, ['default/new']]]);
  });

  it('asks for what is followed, too: the push of an instance may come later than the question', async () => {
    const world = await started();
    world.want('ip:10.0.0.3');
    await settle();
    world.client().setSilently('stock', '10.0.0.3', '10.0.0.9');
    const answers = found(world, 'ip:10.0.0.9', world.want('ip:10.0.0.9'));
    await settle();
    expect(answers).toEqual([[true, ['default/stock']]]);
  });

  it('finds what is new, and loses nothing, while a server that has come back may still lack what it knew', async () => {
    const world = await started();
    world.client().lose();
    world.client().delete('orders');
    world.client().set('stock');
    world.client().connect();
    await settle();
    world.client().set('new', '10.0.0.9');
    const answers = found(world, 'ip:10.0.0.9', world.want('ip:10.0.0.9'));
    await settle();
    expect(answers).toEqual([[true, ['default/new']]]);
    expect(world.endpoints('default/orders')).toHaveLength(2);
    expect(world.endpoints('default/stock')).toEqual(['10.0.0.3 base ok']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.endpoints('default/orders')).toBeUndefined();
    expect(world.endpoints('default/stock')).toEqual([]);
  });

  it('is not made, and says so at once, while no server answers', async () => {
    const world = await started();
    world.client().lose();
    world.client().asked = [];
    const answers = found(world, 'ip:10.0.0.9', world.want('ip:10.0.0.9'));
    await settle();
    expect(answers).toEqual([[false, []]]);
    expect(world.client().asked).toEqual([]);
  });
});

describe('a service that nobody has followed until now', () => {
  it('is asked for before an answer, for what is known of it may be old', async () => {
    const world = await started();
    world.client().set('orders', '10.0.0.1', '10.0.0.7');
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.1 base ok', '10.0.0.2 gray ok']);
    const [look, ...others] = world.want('ip:10.0.0.1', 'host:stock.default');
    expect(others).toEqual([]);
    expect(look).toMatchObject({ why: 'stale', keys: new Set(['ip:10.0.0.1', 'host:stock.default']) });
    await settle();
    expect(await look?.over).toBe(true);
    expect(world.endpoints('default/orders')).toEqual(['10.0.0.1 base ok', '10.0.0.7 base ok']);
    expect(world.ask('ip:10.0.0.1', 'ip:10.0.0.7')).toEqual([]);
  });

  it('is served as it is known while no server answers', async () => {
    const world = await started();
    world.client().lose();
    expect(world.want('ip:10.0.0.1')).toEqual([]);
    expect(world.endpoints('default/orders')).toHaveLength(2);
  });
});
