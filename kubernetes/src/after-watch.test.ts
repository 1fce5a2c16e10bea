import { describe, expect, it } from 'vitest';
import { afterWatch, NO_TROUBLES, pauseAfter, type WatchLife } from './after-watch.ts';
import { ApiError } from './api-error.ts';
import { REFLECTOR_TIMES } from './reflector-times.ts';
import type { WatchEnd } from './watch-session.ts';

/** The longest pause that there can be. */
const worst = (): number => 1;

function step(life: Partial<WatchLife> & { end: WatchEnd; error?: ApiError }, before = NO_TROUBLES) {
  const { end, error, ...rest } = life;
  const outcome = error === undefined ? { end } : { end, error };
  const whole = { outcome, livedMs: 100, hasOpened: true, hasProgressed: false, ...rest };
  return afterWatch(whole, before, REFLECTOR_TIMES, worst);
}

describe('after a watch', () => {
  it('that ended in order, the next one begins at once', () => {
    const before = { failures: 4, fruitless: 2, gone: 1 };
    expect(step({ end: 'ended', livedMs: 300_000 }, before)).toEqual({ troubles: NO_TROUBLES, pauseMs: 0 });
  });

  it('that was closed as soon as it was opened, there is a pause that grows', () => {
    const pauses = [0, 1, 2, 10].map(
      (failures) => step({ end: 'ended' }, { ...NO_TROUBLES, failures }).pauseMs,
    );
    expect(pauses).toEqual([250, 500, 1_000, 5_000]);
  });

  it('that worked for a while, a failure is a first one', () => {
    const before = { ...NO_TROUBLES, failures: 9 };
    expect(step({ end: 'unreachable', livedMs: 1_500, hasProgressed: true }, before).pauseMs).toBe(250);
    expect(step({ end: 'unreachable', livedMs: 6_000 }, before).pauseMs).toBe(250);
    expect(step({ end: 'unreachable', livedMs: 1_500 }, before).pauseMs).toBe(5_000);
  });

  it('whose version is gone, a list begins at once, but not again and again', () => {
    const away = { ...NO_TROUBLES, failures: 9 };
    const first = step({ end: 'gone' }, away);
    expect(first).toMatchObject({ list: 'gone', pauseMs: 0 });
    const second = step({ end: 'gone' }, first.troubles);
    expect(second).toMatchObject({ list: 'gone', pauseMs: 250 });
    expect(step({ end: 'gone' }, second.troubles)).toMatchObject({ list: 'gone', pauseMs: 500 });
    expect(step({ end: 'gone', livedMs: 6_000 }, second.troubles)).toMatchObject({
      list: 'gone',
      pauseMs: 0,
    });
  });

  it('that was opened in vain three times, a list looks past what breaks it', () => {
    const second = { ...NO_TROUBLES, failures: 2, fruitless: 2 };
    expect(step({ end: 'malformed' }, second)).toMatchObject({ list: 'stuck', troubles: { fruitless: 0 } });
    expect(step({ end: 'malformed', hasProgressed: true }, second).list).toBeUndefined();
    expect(step({ end: 'unreachable', hasOpened: false }, second).list).toBeUndefined();
  });

  it('that was silent from its beginning, a list says what the server would not', () => {
    expect(step({ end: 'silent', livedMs: 150_000 }).list).toBe('stuck');
    expect(step({ end: 'silent', livedMs: 150_000, hasProgressed: true }).list).toBeUndefined();
    expect(step({ end: 'silent', hasOpened: false }).list).toBeUndefined();
  });

  it('that was throttled, the server’s wish is heeded within reason', () => {
    const throttled = (retryAfterMs: number) =>
      step({ end: 'throttled', error: new ApiError('', { code: 'refused', status: 429, retryAfterMs }) })
        .pauseMs;
    expect(throttled(7_000)).toBe(7_000);
    expect(throttled(10)).toBe(250);
    expect(throttled(86_400_000)).toBe(60_000);
  });
});

it('spreads pauses over their whole length', () => {
  expect(pauseAfter(3, undefined, REFLECTOR_TIMES, () => 0)).toBe(0);
  expect(pauseAfter(3, undefined, REFLECTOR_TIMES, () => 0.5)).toBe(1_000);
});
