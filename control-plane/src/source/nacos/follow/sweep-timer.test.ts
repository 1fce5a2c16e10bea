import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SweepTimer, type SweepKind, type SweepWhy } from './sweep-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMINGS = { namesEvery: 30_000, fullEvery: 10, namesGap: 500, demandGap: 5_000 };

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
  void sweeper.demand('all');
  sweeper.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sweeps).toEqual([]);
  for (let n = 0; n < 95; n++) {
    void sweeper.demand('all');
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(sweeps).toEqual([
    [1_000, 'all', 'demand'],
    [6_000, 'all', 'demand'],
  ]);
});

it('looks for new names twice a second where somebody asks, whatever everything took', async () => {
  const { sweeps, timer: sweeper } = timer();
  sweeper.start();
  void sweeper.demand('all');
  await vi.advanceTimersByTimeAsync(100);
  for (let n = 0; n < 14; n++) {
    void sweeper.demand('names');
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(sweeps).toEqual([
    [0, 'all', 'demand'],
    [100, 'names', 'demand'],
    [600, 'names', 'demand'],
    [1_100, 'names', 'demand'],
  ]);
});

it('tells who asked when a sweep that began afterwards is over, and when it is closed', async () => {
  const { timer: sweeper } = timer(1_000);
  const over: string[] = [];
  const ask = (kind: SweepKind, name: string): void => void sweeper.demand(kind).then(() => over.push(name));
  ask('all', 'before the start');
  sweeper.start();
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toEqual(['before the start']);
  ask('names', 'first');
  await vi.advanceTimersByTimeAsync(500);
  ask('names', 'second');
  await vi.advanceTimersByTimeAsync(600);
  expect(over).toEqual(['before the start', 'first']);
  sweeper.close();
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toEqual(['before the start', 'first', 'second']);
});

it('takes no more than a twentieth of the time for everything, and does one at a time', async () => {
  const { sweeps, timer: sweeper } = timer(2_000);
  sweeper.start();
  for (let n = 0; n < 100; n++) {
    void sweeper.demand('all');
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const full = sweeps.filter(([, kind]) => kind === 'all').map(([at]) => at);
  expect(full).toEqual([0, 40_000, 82_000]);
  expect(sweeps.map(([at]) => at)).toEqual([0, 30_000, 40_000, 80_000, 82_000]);
});

it('tries again what could not be done when it was asked for', async () => {
  let isSteady = false;
  const { sweeps, timer: sweeper } = timer(0, () => isSteady);
  sweeper.start();
  void sweeper.demand('all');
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
  void sweeper.demand('all');
  await vi.advanceTimersByTimeAsync(500);
  sweeper.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(sweeps).toHaveLength(1);
});
