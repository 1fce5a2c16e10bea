import { expect, it, vi } from 'vitest';
import { PushQueue } from './push-queue.ts';

it('pushes each once, in the order in which they came', async () => {
  const pushed: string[] = [];
  const queue = new PushQueue<string>({
    push: (item) => pushed.push(item),
    hasRoom: () => true,
    now: () => 0,
  });
  for (const item of ['a', 'b', 'a', 'c', 'b']) queue.add(item);
  await vi.waitFor(() => expect(pushed).toEqual(['a', 'b', 'c']));
});

it('puts who comes again behind those that wait', async () => {
  const pushed: string[] = [];
  const queue: PushQueue<string> = new PushQueue<string>({
    push(item) {
      pushed.push(item);
      if (item === 'greedy' && pushed.length < 6) queue.add('greedy');
    },
    hasRoom: () => true,
    now: () => 0,
  });
  for (const item of ['greedy', 'b', 'c']) queue.add(item);
  await vi.waitFor(() => expect(queue.size()).toBe(0));
  expect(pushed.slice(0, 4)).toEqual(['greedy', 'b', 'c', 'greedy']);
});

it('lets others in between when there is much to do', async () => {
  let now = 0;
  const order: string[] = [];
  const push = (item: string): void => {
    now += 5;
    order.push(item);
  };
  const queue = new PushQueue<string>({ push, hasRoom: () => true, now: () => now });
  for (let count = 0; count < 6; count += 1) queue.add(`push ${count}`);
  setImmediate(() => order.push('answer'));
  await vi.waitFor(() => expect(order).toHaveLength(7));
  expect(order.indexOf('answer')).toBeLessThan(6);
});

it('stops where the sockets take nothing, and goes on when they do', async () => {
  let room = 2;
  const pushed: string[] = [];
  const push = (item: string): void => {
    room -= 1;
    pushed.push(item);
  };
  const queue = new PushQueue<string>({ push, hasRoom: () => room > 0, now: () => 0 });
  for (const item of ['a', 'b', 'c']) queue.add(item);
  await vi.waitFor(() => expect(pushed).toEqual(['a', 'b']));
  room = 1;
  queue.resume();
  await vi.waitFor(() => expect(pushed).toEqual(['a', 'b', 'c']));
});

it('forgets who has gone', async () => {
  const pushed: string[] = [];
  const queue = new PushQueue<string>({
    push: (item) => pushed.push(item),
    hasRoom: () => true,
    now: () => 0,
  });
  queue.add('gone');
  queue.add('there');
  queue.remove('gone');
  await vi.waitFor(() => expect(pushed).toEqual(['there']));
});
