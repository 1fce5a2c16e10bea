import { expect, it } from 'vitest';
import type { KubeObject } from './kube-object.ts';
import { ReflectedStore, type Change, type Reading } from './reflected-store.ts';

function pod(name: string, version: number, v = '1'): KubeObject {
  return { metadata: { name, namespace: 'shop', resourceVersion: String(version), labels: { v } } };
}

function createStore(): { store: ReflectedStore<string>; changes: Change<string>[] } {
  const changes: Change<string>[] = [];
  const store = new ReflectedStore<string>({
    transform: ({ metadata }) => metadata.labels?.['v'],
    onChange: (change) => void changes.push(change),
    onMalformed: () => undefined,
  });
  return { store, changes };
}

function replace(store: ReflectedStore<string>, objects: readonly KubeObject[], version: number): void {
  const readings = new Map<string, Reading<string>>();
  for (const object of objects) {
    const reading = store.read(object);
    if (reading !== undefined) readings.set(reading.key, reading);
  }
  store.replace(readings, new Set(), version);
}

it('is not changed by events that are older than what it knows of the object', () => {
  const { store, changes } = createStore();
  replace(store, [pod('a', 5, 'new')], 5);
  store.apply('MODIFIED', pod('a', 4, 'old'));
  store.apply('DELETED', pod('a', 5));
  expect([...store.values]).toEqual([['shop/a', 'new']]);
  expect(changes).toHaveLength(1);
});

it('does not bring back what a list has shown to be gone, when its last event comes late', () => {
  const { store } = createStore();
  replace(store, [pod('a', 3), pod('b', 4)], 10);
  const audit = store.beginAudit();
  audit.see(pod('b', 4));
  expect(audit.repair(20)).toBe(1);
  audit.end();
  store.apply('MODIFIED', pod('a', 15));
  expect([...store.values.keys()]).toEqual(['shop/b']);
  store.apply('ADDED', pod('a', 21));
  expect([...store.values.keys()]).toEqual(['shop/b', 'shop/a']);
});

it('tells what is gone before what is new, so that an address is free before it has another owner', () => {
  const { store, changes } = createStore();
  replace(store, [pod('a', 1)], 1);
  replace(store, [pod('b', 2)], 2);
  expect(changes.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
    'added shop/a',
    'deleted shop/a',
    'added shop/b',
  ]);
});

it('keeps the instance that it has while the content is equal', () => {
  const seen: unknown[] = [];
  const store = new ReflectedStore<{ v: string | undefined }>({
    transform: ({ metadata }) => ({ v: metadata.labels?.['v'] }),
    onChange: (change) => void seen.push(change),
    onMalformed: () => undefined,
  });
  store.apply('ADDED', pod('a', 1));
  const first = store.values.get('shop/a');
  store.apply('MODIFIED', pod('a', 2));
  expect(store.values.get('shop/a')).toBe(first);
  expect(seen).toHaveLength(1);
});
