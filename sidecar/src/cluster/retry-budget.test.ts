import { describe, expect, it } from 'vitest';
import { createRetryBudget } from './retry-budget.ts';

function budget() {
  const clock = { now: 5_000 };
  const retries = createRetryBudget({ ratio: 0.2, minPerSecond: 3, now: () => clock.now });
  const drain = () => {
    let granted = 0;
    while (retries.tryRetry()) granted += 1;
    return granted;
  };
  return { clock, retries, drain };
}

describe('retry budget', () => {
  it('grants a few retries without any traffic, then none', () => {
    const { drain, retries } = budget();
    expect(drain()).toBe(30);
    expect(retries.tryRetry()).toBe(false);
  });

  it('grants a share of the requests of the last ten seconds', () => {
    const { clock, drain, retries } = budget();
    for (let request = 0; request < 1_000; request += 1) {
      if (request % 200 === 0) clock.now += 1_000;
      retries.request();
    }
    expect(drain()).toBe(230);
  });

  it('forgets requests and retries that are older than ten seconds, also after a long rest', () => {
    const { clock, drain, retries } = budget();
    for (let request = 0; request < 1_000; request += 1) retries.request();
    expect(drain()).toBe(230);
    clock.now += 9_000;
    expect(drain()).toBe(0);
    clock.now += 1_000;
    expect(drain()).toBe(30);
    clock.now += 3_600_000;
    expect(drain()).toBe(30);
  });
});
