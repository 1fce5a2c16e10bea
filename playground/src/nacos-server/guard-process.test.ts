import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { guardProcess } from './guard-process.ts';

const GUARD = new URL('./guard-process.ts', import.meta.url).href;
/** Starts a process that would go on for long, stops it, guards it, and says its id. */
const OWNER = `
import { spawn } from 'node:child_process';
const [folder, module] = process.argv.slice(1);
const { guardProcess } = await import(module);
const guarded = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
guardProcess(guarded.pid, folder);
guarded.kill('SIGSTOP');
console.log(guarded.pid);
setInterval(() => undefined, 1000);
`;

let folder: string;
let sleeping: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-guard-'));
});
afterEach(() => {
  sleeping?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('ends the process and removes its folder when the owner is killed, though the process is stopped', async () => {
  const args = ['--input-type=module', '--eval', OWNER, folder, GUARD];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await vi.waitUntil(() => !isAlive(pid) && !existsSync(folder), { timeout: 10_000 });
});

test('leaves alone what it is told to leave alone', async () => {
  sleeping = spawn('sleep', ['600'], { stdio: 'ignore' });
  const guard = guardProcess(sleeping.pid ?? 0, folder);
  guard.over();
  await guard.ended;
  expect(sleeping.exitCode).toBeNull();
  expect(sleeping.signalCode).toBeNull();
  expect(existsSync(folder)).toBe(true);
});
