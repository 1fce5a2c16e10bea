import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  SweepTimer,
  type SweepAsked,
  type SweepKind,
  type SweepResult,
  type SweepWhy,
} from './sweep-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TIMINGS = {
  ...{ namesEvery: 30_000, fullEvery: 10, demandGap: 200 },
  ...{ turnWithin: 1_000, againAfter: 5_000 },
};

/** Sweeps that take `tookMs`; `does` tells what comes of them. */
function timer(tookMs = 0, does: () => SweepResult = () => 'done') {
  const sweeps: (readonly [at: number, kind: SweepKind, why: SweepWhy])[] = [];
  const awaited: boolean[] = [];
  const beganMs = Date.now();
  const run = async ({ kind, why, isAwaited }: SweepAsked): Promise<SweepResult> => {
    sweeps.push([Date.now() - beganMs, kind, why]);
    awaited.push(isAwaited);
    if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs));
    return does();
  };
  return { sweeps, awaited, timer: new SweepTimer({ run, timings: TIMINGS, now: Date.now }) };
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
  sweeper.start();
  await vi.advanceTimersByTimeAsync(1_000);
  for (let n = 0; n < 35; n++) {
    void sweeper.demand('all');
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(sweeps).toEqual([
    [1_000, 'all', 'demand'],
    [1_200, 'all', 'demand'],
  ]);
});

it('looks for new names whatever everything took', async () => {
  const { sweeps, timer: sweeper } = timer();
  sweeper.start();
  void sweeper.demand('all');
  await vi.advanceTimersByTimeAsync(100);
  void sweeper.demand('names');
  await vi.advanceTimersByTimeAsync(10);
  expect(sweeps).toEqual([
    [0, 'all', 'demand'],
    [100, 'names', 'demand'],
  ]);
});

it('tells who asked when a sweep that began afterwards is over, and when it is closed', async () => {
  const { timer: sweeper } = timer(1_000);
  const over: string[] = [];
  const ask = (kind: SweepKind, name: string): void =>
    void sweeper.demand(kind).then((isDone) => over.push(`${name} ${isDone}`));
  ask('all', 'before the start');
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toEqual([]);
  sweeper.start();
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toEqual(['before the start true']);
  ask('names', 'first');
  await vi.advanceTimersByTimeAsync(500);
  ask('names', 'second');
  await vi.advanceTimersByTimeAsync(600);
  expect(over).toEqual(['before the start true', 'first true']);
  ask('names', 'third');
  sweeper.close();
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toEqual(['before the start true', 'first true', 'third false']);
});

it('takes no more than a twentieth of the time for everything, what was saved counted in, one at a time', async () => {
  const { sweeps, timer: sweeper } = timer(2_000);
  sweeper.start();
  for (let n = 0; n < 150; n++) {
    void sweeper.demand('all');
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const full = sweeps.filter(([, kind]) => kind === 'all').map(([at]) => at);
  // A regular look at names is under way at 100 s.
  expect(full).toEqual([0, 2_000, 20_000, 60_000, 102_000, 140_000]);
});

it('keeps nobody waiting for a turn that is far off, and sweeps then all the same', async () => {
  const { sweeps, timer: sweeper } = timer(4_000);
  sweeper.start();
  const answers: boolean[] = [];
  for (let n = 0; n < 2; n++) {
    void sweeper.demand('all').then((isDone) => answers.push(isDone));
    await vi.advanceTimersByTimeAsync(5_000);
  }
  expect(answers).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sweeps).toEqual([
    [0, 'all', 'demand'],
    [20_000, 'all', 'demand'],
  ]);
});

it.each(['failed', 'additions'] as const)('tries again what was asked for and %s', async (how) => {
  let isSteady = false;
  const { sweeps, awaited, timer: sweeper } = timer(0, () => (isSteady ? 'done' : how));
  sweeper.start();
  const asked = sweeper.demand('all');
  await vi.advanceTimersByTimeAsync(7_000);
  expect(await asked).toBe(how !== 'failed');
  isSteady = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sweeps.map(([at, kind]) => [at, kind])).toEqual([
    [0, 'all'],
    [5_000, 'all'],
    [10_000, 'all'],
  ]);
  expect(awaited).toEqual([true, false, false]);
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
