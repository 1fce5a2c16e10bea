import { expect, test } from 'vitest';
import { PollQueue } from './poll-queue.ts';

interface Polls {
  readonly queue: PollQueue<string>;
  /** What was polled, in order. */
  readonly polled: string[];
  readonly atMs: number[];
  most: number;
}

function polls(options: { readonly intervalMs: number; readonly maxPerSecond: number }): Polls {
  let running = 0;
  const state: Polls = {
    ...{ polled: [], atMs: [], most: 0 },
    queue: new PollQueue<string>({
      ...{ concurrency: 3, ...options },
      async poll(item) {
        state.polled.push(item);
        state.atMs.push(performance.now());
        state.most = Math.max(state.most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      },
    }),
  };
  return state;
}

const MANY = Array.from({ length: 50 }, (_, index) => `item-${index}`);

test('polls each of its items in turn, some at a time', async () => {
  const state = polls({ intervalMs: 20, maxPerSecond: 1_000_000 });
  for (const item of MANY) state.queue.add(item);
  expect(state.polled).toEqual([]);
  state.queue.resume();
  await expect.poll(() => state.polled.length).toBeGreaterThanOrEqual(150);
  state.queue.pause();
  expect(new Set(state.polled.slice(0, 50)).size).toBe(50);
  expect(new Set(state.polled.slice(50, 100)).size).toBe(50);
  expect(state.most).toBe(3);
});

test('asks no more often than it may, however many there are', async () => {
  const state = polls({ intervalMs: 1, maxPerSecond: 200 });
  for (const item of MANY) state.queue.add(item);
  state.queue.resume();
  await expect.poll(() => state.polled.length).toBeGreaterThanOrEqual(150);
  state.queue.pause();
  // The first round goes at once, each of the others takes a quarter of a second.
  const [first, third] = [state.atMs[0], state.atMs[149]];
  expect((third ?? 0) - (first ?? 0)).toBeGreaterThan(400);
});

test('polls what comes next first, and what has gone no more', async () => {
  const state = polls({ intervalMs: 10, maxPerSecond: 1_000_000 });
  state.queue.resume();
  state.queue.add('a');
  await expect.poll(() => state.polled.length).toBeGreaterThan(2);
  const before = state.polled.length;
  state.queue.add('b');
  expect(state.polled[before]).toBe('b');
  state.queue.remove('a');
  const { length } = state.polled;
  await expect.poll(() => state.polled.length).toBeGreaterThan(length + 2);
  expect(state.polled.slice(length)).not.toContain('a');
  state.queue.pause();
});

test('polls everything at once when it goes on', async () => {
  const state = polls({ intervalMs: 3_600_000, maxPerSecond: 1_000_000 });
  for (const item of MANY) state.queue.add(item);
  state.queue.resume();
  await expect.poll(() => state.polled.length).toBe(50);
  state.queue.pause();
  state.queue.resume();
  await expect.poll(() => state.polled.length).toBe(100);
  state.queue.pause();
});
