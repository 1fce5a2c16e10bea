import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;

/** Does `work` while no other process that asks for the same lock file does; `waiting` is told once whom it waits for. */
export async function whileAlone<T>(
  lockFile: string,
  waiting: (owner: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(lockFile), { recursive: true });
  let isTold = false;
  for (let owner = take(lockFile); owner !== undefined; owner = take(lockFile)) {
    if (!isTold) waiting(owner);
    isTold = true;
    await delay(POLL_MS);
  }
  const release = (): void => rmSync(lockFile, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** Takes the lock, or answers who has it. That of a process that is gone is removed, for the next attempt. */
function take(lockFile: string): number | undefined {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  const owner = Number(readIfThere(lockFile));
  if (owner > 0 && !isAlive(owner)) rmSync(lockFile, { force: true });
  return owner;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
