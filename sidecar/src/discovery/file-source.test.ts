import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type ConfigProblem } from '@lanekeeper/runtime/env';
import { createLogger } from '@lanekeeper/runtime/log';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compileSnapshot } from '../route/compile-snapshot.ts';
import { DirectoryWatch } from '@lanekeeper/mesh-file/directory-watch';
import { startFileSource, type FileSource } from '@lanekeeper/mesh-file/file-source';
import { SnapshotStore } from './store.ts';

const HOUR = 3_600_000;
const WAIT = { timeout: 10_000, interval: 5 };

let root: string;
let directory: string;
let path: string;
let store: SnapshotStore;
let events: string[];
const sources: FileSource[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lanekeeper-file-'));
  directory = root;
  path = join(directory, 'mesh.yaml');
  events = [];
  store = new SnapshotStore({
    compile: (config, generation) => compileSnapshot(config, { generation, namespace: 'default' }),
  });
});

afterEach(() => {
  for (const source of sources.splice(0)) source.close();
  rmSync(root, { recursive: true, force: true });
});

/** By default only what the kernel tells counts: the poll is an hour away. */
async function start(times: { quietMs?: number; pollMs?: number } = {}): Promise<FileSource> {
  const destination = { write: (line: string) => void events.push(JSON.parse(line).event) };
  const log = createLogger({ level: 'info', name: 'test', destination });
  const source = await startFileSource({ path, sink: store, log, quietMs: 20, pollMs: HOUR, ...times });
  sources.push(source);
  return source;
}

const mesh = (...names: readonly string[]): string =>
  `services: [${names.map((name) => `{name: ${name}, port: 80}`).join(', ')}]\n`;

const services = (): string => [...store.current().services.values()].map(({ name }) => name).join();

const inForce = (names: string): Promise<boolean> => vi.waitUntil(() => services() === names, WAIT);

const rejected = (count: number): Promise<boolean> =>
  vi.waitUntil(() => store.status().rejected === count, WAIT);

async function problemsAtStart(): Promise<readonly ConfigProblem[]> {
  const error: unknown = await start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error });
  return error.problems;
}

test('puts the file in force at start', async () => {
  writeFileSync(path, mesh('a'));
  await start();
  expect(services()).toBe('a');
  expect(events).toEqual(['config_accepted']);
});

test('a file that is missing at start is fatal', async () => {
  expect(await problemsAtStart()).toEqual([
    { path, message: 'expected a file, found none; create it or correct the path' },
  ]);
});

test('a file that is wrong at start is fatal, with every problem and the file named', async () => {
  writeFileSync(path, 'services: no\nlanes: 1\n');
  expect(await problemsAtStart()).toEqual([
    { path: `${path}: services (1:11)`, message: 'expected a list, found "no"' },
    { path: `${path}: lanes (2:8)`, message: 'expected a list, found 1' },
  ]);
  expect(services()).toBe('');
});

test.each([
  ['a directory', () => mkdirSync(path), 'expected a regular file'],
  ['a named pipe', () => execFileSync('mkfifo', [path]), 'expected a regular file'],
  ['binary data', () => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00])), 'expected text in UTF-8'],
  [
    'too much',
    () => writeFileSync(path, 'x'.repeat(4_194_305)),
    'expected at most 4194304 bytes, found 4194305',
  ],
])('refuses %s', async (_, prepare, message) => {
  prepare();
  expect(await problemsAtStart()).toEqual([{ path, message }]);
});

test('follows writes in place', async () => {
  writeFileSync(path, mesh('a'));
  await start();
  writeFileSync(path, mesh('b'));
  await inForce('b');
  writeFileSync(path, mesh('c'));
  await inForce('c');
});

test('never takes the half-written file of a save in place', async () => {
  writeFileSync(path, mesh('a'));
  await start();
  const seen: string[] = [];
  store.subscribe(() => seen.push(services()));
  writeFileSync(path, '');
  writeFileSync(path, mesh('b'));
  writeFileSync(path, mesh('b', 'c'));
  await inForce('b,c');
  expect(seen).toEqual(['b,c']);
  expect(store.status().rejected).toBe(0);
});

test('follows files that are renamed over it, as editors save', async () => {
  writeFileSync(path, mesh('a'));
  await start();
  for (const name of ['b', 'c', 'd']) {
    writeFileSync(`${path}.new`, mesh(name));
    renameSync(path, `${path}~`);
    renameSync(`${path}.new`, path);
    await inForce(name);
  }
});

test('follows the symlink swaps of a Kubernetes ConfigMap', async () => {
  const publish = (version: string, name: string): void => {
    mkdirSync(join(directory, version));
    writeFileSync(join(directory, version, 'mesh.yaml'), mesh(name));
    symlinkSync(version, join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  };
  publish('..1', 'a');
  symlinkSync(join('..data', 'mesh.yaml'), path);
  await start();
  for (const [version, name] of [
    ['2', 'b'],
    ['3', 'c'],
  ] as const) {
    publish(`..${version}`, name);
    await inForce(name);
    rmSync(join(directory, `..${Number(version) - 1}`), { recursive: true });
  }
});

test('follows writes to the file behind a symlink into another directory', async () => {
  mkdirSync(join(directory, 'real'));
  const real = join(directory, 'real', 'mesh.yaml');
  writeFileSync(real, mesh('a'));
  symlinkSync(real, path);
  await start();
  writeFileSync(real, mesh('b'));
  await inForce('b');
});

test('keeps the last good configuration when the file is bad, says why, and recovers', async () => {
  writeFileSync(path, mesh('a'));
  await start();
  const good = store.current();
  writeFileSync(path, 'services: [{name: a}]\n');
  await rejected(1);
  expect(store.current()).toBe(good);
  expect(store.status().rejection?.problems).toEqual([
    { path: 'services[0] (1:12)', message: 'port is missing' },
  ]);
  expect(events).toEqual(['config_accepted', 'config_rejected']);
  writeFileSync(path, mesh('a', 'b'));
  await inForce('a,b');
  expect(store.status().rejection).toBeNull();
});

test('keeps the last good configuration when the file is deleted, and follows it when it comes back', async () => {
  writeFileSync(path, mesh('a'));
  await start();
  const good = store.current();
  unlinkSync(path);
  await rejected(1);
  expect(store.current()).toBe(good);
  writeFileSync(path, mesh('a'));
  await vi.waitUntil(() => store.status().rejection === null, WAIT);
  expect(store.current()).toBe(good);
  writeFileSync(path, mesh('b'));
  await inForce('b');
});

test('makes no new generation when only comments and the order of keys change', async () => {
  writeFileSync(path, 'services: [{name: a, port: 80}]\n');
  await start();
  const listener = vi.fn();
  store.subscribe(listener);
  writeFileSync(path, '# the same\nservices:\n- port: 80\n  name: a\n');
  await vi.waitUntil(() => events.length === 2, WAIT);
  expect(listener).not.toHaveBeenCalled();
  expect(store.status().accepted).toBe(1);
});

test('finds by polling what the kernel did not tell', async () => {
  writeFileSync(path, mesh('a'));
  await start({ quietMs: HOUR, pollMs: 10 });
  writeFileSync(path, mesh('polled'));
  await inForce('polled');
});

test('follows the file after its whole directory was replaced', async () => {
  directory = join(directory, 'inner');
  path = join(directory, 'mesh.yaml');
  mkdirSync(directory);
  writeFileSync(path, mesh('a'));
  await start({ pollMs: 10 });
  rmSync(directory, { recursive: true });
  await rejected(1);
  mkdirSync(directory);
  writeFileSync(path, mesh('b'));
  await inForce('b');
});

test('a failing subscriber ends neither the process nor the watch', async () => {
  writeFileSync(path, mesh('a'));
  await start();
  const leave = store.subscribe(() => {
    throw new Error('boom');
  });
  writeFileSync(path, mesh('b'));
  await vi.waitUntil(() => events.includes('config_watch_failed'), WAIT);
  leave();
  writeFileSync(path, mesh('c'));
  await inForce('c');
});

test('writes nothing to the store once it is closed', async () => {
  writeFileSync(path, mesh('a'));
  const source = await start({ pollMs: 5 });
  writeFileSync(path, mesh('b'));
  source.close();
  const witness = new SnapshotStore({
    compile: (config, generation) => compileSnapshot(config, { generation, namespace: 'default' }),
  });
  const log = createLogger({ level: 'error', name: 'test', destination: { write: () => undefined } });
  sources.push(await startFileSource({ path, sink: witness, log, quietMs: 20, pollMs: HOUR }));
  writeFileSync(path, mesh('c'));
  await vi.waitUntil(() => witness.current().services.has('default/c'), WAIT);
  expect(services()).toBe('a');
});

test('holds no more watches after many swaps than before, and none at the end', async () => {
  const watch = new DirectoryWatch(path, () => undefined);
  for (let round = 0; round < 20; round++) {
    const target = join(directory, `v${round}`);
    mkdirSync(target);
    writeFileSync(join(target, 'mesh.yaml'), mesh('a'));
    symlinkSync(join(target, 'mesh.yaml'), `${path}.new`);
    renameSync(`${path}.new`, path);
    await watch.refresh();
    expect(watch.size).toBe(2);
  }
  watch.close();
  await watch.refresh();
  expect(watch.size).toBe(0);
});
