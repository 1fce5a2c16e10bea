import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { whileAlone } from './build-lock.ts';

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-lock-'));
  lock = join(folder, 'deep', 'build.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const nobody = (owner: number): void => {
  throw new Error(`waits for ${owner}`);
};

test('lets one work at a time, and says once whom the others wait for', async () => {
  const events: string[] = [];
  const owners: number[] = [];
  const work = (name: string) => async (): Promise<void> => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`${name} ends`);
  };
  const first = whileAlone(lock, nobody, work('first'));
  const second = whileAlone(lock, (owner) => owners.push(owner), work('second'));
  await Promise.all([first, second]);
  expect(events).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  expect(owners).toEqual([process.pid]);
});

test('is free again after work that failed', async () => {
  const failing = whileAlone(lock, nobody, () => Promise.reject(new Error('no network')));
  await expect(failing).rejects.toThrow('no network');
  expect(existsSync(lock)).toBe(false);
  expect(await whileAlone(lock, nobody, () => Promise.resolve('done'))).toBe('done');
});

test('is taken from a process that is gone', async () => {
  const { pid } = spawnSync('true');
  await whileAlone(lock, nobody, () => Promise.resolve());
  writeFileSync(lock, String(pid));
  expect(
    await whileAlone(
      lock,
      () => undefined,
      () => Promise.resolve('done'),
    ),
  ).toBe('done');
});
