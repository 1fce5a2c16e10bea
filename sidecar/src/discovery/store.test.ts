import type { MeshConfig } from '@lanekeeper/protocol/model';
import { ConfigError } from '@lanekeeper/runtime/env';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { compileSnapshot } from '../route/compile-snapshot.ts';
import { generationOf } from './generation.ts';
import { EMPTY_MESH, SnapshotStore } from './store.ts';

const compile = (config: MeshConfig, generation: string) =>
  compileSnapshot(config, { generation, namespace: 'default' });

function meshWith(...names: readonly string[]): MeshConfig {
  const rest = {
    namespace: 'default',
    hosts: [],
    addresses: [],
    ports: [{ port: 80, protocol: 'auto' }],
    endpoints: [],
  };
  return { ...EMPTY_MESH, services: names.map((name) => ({ ...rest, name })) } as MeshConfig;
}

test('starts with an empty mesh, so that everything passes through', () => {
  const store = new SnapshotStore({ compile });
  expect(store.current().services.size).toBe(0);
  expect(store.status()).toMatchObject({ accepted: 0, rejected: 0, acceptedAt: null, rejection: null });
});

test('swaps the snapshot whole and tells subscribers once it is in force', () => {
  const store = new SnapshotStore({ compile, now: () => 0 });
  const before = store.current();
  const seen: boolean[] = [];
  store.subscribe((snapshot) => seen.push(store.current() === snapshot && snapshot !== before));
  expect(store.accept(meshWith('a'))).toBe(true);
  expect(seen).toEqual([true]);
  expect([...store.current().services.keys()]).toEqual(['default/a']);
  expect(before.services.size).toBe(0);
  expect(store.status()).toEqual({
    generation: store.current().generation,
    acceptedAt: '1970-01-01T00:00:00.000Z',
    accepted: 1,
    rejected: 0,
    rejection: null,
  });
});

test('makes no new generation of unchanged content', () => {
  const store = new SnapshotStore({ compile });
  store.accept(meshWith('a'));
  const snapshot = store.current();
  const listener = vi.fn();
  store.subscribe(listener);
  expect(store.accept(structuredClone(meshWith('a')))).toBe(false);
  expect(store.current()).toBe(snapshot);
  expect(store.status().accepted).toBe(1);
  expect(listener).not.toHaveBeenCalled();
});

test('keeps the last good snapshot and the problems of a rejected one until a good one comes', () => {
  const store = new SnapshotStore({ compile, now: () => 0 });
  store.accept(meshWith('a'));
  const good = store.current();
  const problems = [{ path: 'services', message: 'expected a list' }];
  store.reject(problems);
  expect(store.current()).toBe(good);
  expect(store.status()).toMatchObject({
    rejected: 1,
    rejection: { at: '1970-01-01T00:00:00.000Z', problems },
  });
  store.accept(meshWith('a'));
  expect(store.status()).toMatchObject({ accepted: 1, rejected: 1, rejection: null });
});

test('changes nothing when a configuration cannot be compiled', () => {
  const store = new SnapshotStore({
    compile: (config, generation) => {
      if (config.services.length > 1) throw new Error('too many');
      return compile(config, generation);
    },
  });
  store.accept(meshWith('a'));
  const good = store.current();
  expect(() => store.accept(meshWith('a', 'b'))).toThrow(ConfigError);
  expect(store.current()).toBe(good);
});

test('does not tell a subscriber that left', () => {
  const store = new SnapshotStore({ compile });
  const listener = vi.fn();
  store.subscribe(listener)();
  store.accept(meshWith('a'));
  expect(listener).not.toHaveBeenCalled();
});

test('hashes what a configuration says, not the order in which its keys stand', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, inner]) => [key, reversed(inner)]),
    );
  };
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/), { maxLength: 4 });
  fc.assert(
    fc.property(names, names, (some, others) => {
      const config = meshWith(...some);
      expect(generationOf(reversed(config) as MeshConfig)).toBe(generationOf(config));
      const isSame = JSON.stringify(some) === JSON.stringify(others);
      expect(generationOf(meshWith(...others)) === generationOf(config)).toBe(isSame);
    }),
  );
});
