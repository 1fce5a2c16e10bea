import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isRunning, markOf } from '../../cluster/process-mark.ts';

describe('the mark of a process', () => {
  it('tells that it runs, and that it has ended', async () => {
    const child = spawn('sleep', ['60']);
    const mark = markOf(child.pid ?? 0);
    expect(isRunning(mark)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(mark)).toBe(false);
  });

  it('is not that of a later process with the same number', () => {
    const { pid, startTime } = markOf(process.pid);
    expect(isRunning({ pid, startTime: String(Number(startTime) - 1) })).toBe(false);
  });

  it('of a process that was never there does not run', () => {
    // Past the largest number that Linux gives.
    expect(isRunning(markOf(2 ** 22 + 1))).toBe(false);
  });
});
