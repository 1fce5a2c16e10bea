import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPaced } from './paced.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** Work that takes `costMs` of the clock. */
function pacedWork(costMs: number) {
  const startedAt: number[] = [];
  const run = (): void => {
    startedAt.push(Date.now());
    vi.setSystemTime(Date.now() + costMs);
  };
  const paced = createPaced({ run, now: () => Date.now(), log: createRecordingLog() });
  return { paced, startedAt };
}

it('works soon, and once for all that is asked meanwhile', () => {
  const { paced, startedAt } = pacedWork(0);
  paced.schedule();
  paced.schedule();
  vi.advanceTimersByTime(1);
  expect(startedAt).toHaveLength(1);
});

it('rests four times as long as it has worked, but half a second at most', () => {
  const { paced, startedAt } = pacedWork(50);
  paced.schedule();
  vi.advanceTimersByTime(1);
  paced.schedule();
  vi.advanceTimersByTime(198);
  expect(startedAt).toHaveLength(1);
  vi.advanceTimersByTime(2);
  expect(startedAt).toHaveLength(2);
});

it('goes on after work that has failed, and tells of it', () => {
  const log = createRecordingLog();
  let runs = 0;
  const run = (): void => {
    runs += 1;
    throw new Error('of the work');
  };
  const paced = createPaced({ run, now: () => Date.now(), log });
  for (const _ of [1, 2]) {
    paced.schedule();
    vi.advanceTimersByTime(1);
  }
  expect(runs).toBe(2);
  expect(log.events.filter(({ event }) => event === 'cluster_listener_failed')).toHaveLength(2);
});

it('does not begin after it was stopped', () => {
  const { paced, startedAt } = pacedWork(0);
  paced.schedule();
  paced.stop();
  vi.advanceTimersByTime(1_000);
  expect(startedAt).toEqual([]);
});
