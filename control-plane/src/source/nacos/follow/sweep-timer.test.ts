import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SweepTimer, type SweepKind, type SweepWhy } from './sweep-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMINGS = { namesEvery: 30_000, fullEvery: 10, demandGap: 5_000 };

/** Sweeps that take `tookMs`; `does` tells whether they could be done. */
function timer(tookMs = 0, does: () => boolean = () => true) {
  const sweeps: (readonly [at: number, kind: SweepKind, why: SweepWhy])[] = [];
  const beganMs = Date.now();
  const run = async (kind: SweepKind, why: SweepWhy): Promise<boolean> => {
    sweeps.push([Date.now() - beganMs, kind, why]);
    if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs));
    return does();
  };
  return { sweeps, timer: new SweepTimer({ run, timings: TIMINGS, now: Date.now }) };
}

it('looks at names often and at everything sometimes', async () => {
  const { sweeps, timer: sweeper } = timer();
  sweeper.start();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(sweeps).toHaveLength(20);
  expect(sweeps[0]).toEqual([30_000, 'names', 'regular']);
  expect(sweeps.filter(([, kind]) => kind === 'all')).toHaveLength(2);
});

it('looks at once when somebody asks, then after a pause, however often it is asked', async () => {
  const { sweeps, timer: sweeper } = timer();
  sweeper.demand('all');
  sweeper.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sweeps).toEqual([]);
  for (let n = 0; n < 95; n++) {
    sweeper.demand('names');
    sweeper.demand('all');
    sweeper.demand('names');
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(sweeps.map(([at, kind, why]) => [at, kind, why])).toEqual([
    [1_000, 'all', 'demand'],
    [6_000, 'all', 'demand'],
  ]);
});

it('takes no more than a twentieth of the time, and does one at a time', async () => {
  const { sweeps, timer: sweeper } = timer(2_000);
  sweeper.start();
  for (let n = 0; n < 100; n++) {
    sweeper.demand('all');
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(sweeps.map(([at]) => at)).toEqual([0, 40_000, 80_000]);
});

it('tries again what could not be done when it was asked for', async () => {
  let isSteady = false;
  const { sweeps, timer: sweeper } = timer(0, () => isSteady);
  sweeper.start();
  sweeper.demand('all');
  await vi.advanceTimersByTimeAsync(7_000);
  isSteady = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sweeps.map(([at, kind]) => [at, kind])).toEqual([
    [0, 'all'],
    [5_000, 'all'],
    [10_000, 'all'],
  ]);
});

it('is over when it is closed, also while it sweeps', async () => {
  const { sweeps, timer: sweeper } = timer(1_000);
  sweeper.start();
  sweeper.demand('all');
  await vi.advanceTimersByTimeAsync(500);
  sweeper.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(sweeps).toHaveLength(1);
});
