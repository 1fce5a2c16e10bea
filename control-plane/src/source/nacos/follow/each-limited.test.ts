import { expect, it } from 'vitest';
import { eachLimited } from './each-limited.ts';

it('does everything once, no more than so many at a time', async () => {
  const done: number[] = [];
  let [running, most] = [0, 0];
  await eachLimited(Array.from({ length: 50 }, (_, n) => n).values(), 4, async (n) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running -= 1;
    done.push(n);
  });
  expect(done).toHaveLength(50);
  expect(new Set(done).size).toBe(50);
  expect(most).toBe(4);
});

it('begins nothing more after the first failure, and hands that on', async () => {
  let begun = 0;
  const failing = eachLimited(
    Array.from({ length: 50 }, (_, n) => n),
    4,
    async (n) => {
      begun += 1;
      await Promise.resolve();
      if (n === 5) throw new Error('five');
    },
  );
  await expect(failing).rejects.toThrow('five');
  expect(begun).toBeLessThan(12);
});
