import { describe, expect, it } from 'vitest';
import { createOutlierDetector, type OutlierOptions } from './outlier.ts';

function detector(options: Partial<OutlierOptions> = {}) {
  const clock = { now: 0 };
  const outliers = createOutlierDetector({
    consecutiveFailures: 3,
    baseEjectionMs: 100,
    maxEjectionMs: 1_000,
    forgetAfterMs: 5_000,
    maxEndpoints: 100,
    now: () => clock.now,
    ...options,
  });
  const fail = (key: string, times: number) => {
    for (let failure = 0; failure < times; failure += 1) outliers.failed(key, 'upstream-reset');
  };
  /** How long the present ejection of `key` lasts from now. */
  const untilReturn = (key: string) => {
    const from = clock.now;
    while (outliers.ejectedSince(key) !== undefined) clock.now += 10;
    return clock.now - from;
  };
  return { clock, outliers, fail, untilReturn };
}

describe('outlier detector', () => {
  it('ejects after failures in a row, and a response in between starts the count again', () => {
    const { outliers, fail } = detector();
    fail('a', 2);
    outliers.succeeded('a');
    fail('a', 2);
    expect(outliers.ejectedSince('a')).toBeUndefined();
    fail('a', 1);
    expect(outliers.ejectedSince('a')).toBe(0);
    expect(outliers.ejectedSince('b')).toBeUndefined();
  });

  it('ejects at once an endpoint that accepts no connection', () => {
    const { outliers } = detector();
    outliers.failed('a', 'connect-failed');
    expect(outliers.ejectedSince('a')).toBe(0);
    outliers.failed('b', 'connect-timeout');
    expect(outliers.ejectedSince('b')).toBeUndefined();
  });

  it('ignores ends that say nothing of the endpoint', () => {
    const { outliers } = detector();
    for (let end = 0; end < 10; end += 1) {
      outliers.failed('a', 'downstream-closed');
      outliers.failed('a', 'no-endpoint');
    }
    expect(outliers.ejectedSince('a')).toBeUndefined();
  });

  it('ejects for longer each time, up to the bound, on the first failure after a return', () => {
    const { fail, untilReturn } = detector();
    fail('a', 3);
    const lengths = [untilReturn('a')];
    for (let round = 0; round < 5; round += 1) {
      fail('a', 1);
      lengths.push(untilReturn('a'));
    }
    expect(lengths).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('counts from zero again after a response that follows a return', () => {
    const { outliers, fail, untilReturn } = detector();
    fail('a', 3);
    untilReturn('a');
    outliers.succeeded('a');
    fail('a', 2);
    expect(outliers.ejectedSince('a')).toBeUndefined();
  });

  it('forgets earlier ejections after a time without failures', () => {
    const { clock, fail, untilReturn } = detector();
    fail('a', 3);
    untilReturn('a');
    clock.now += 5_000;
    fail('a', 3);
    expect(untilReturn('a')).toBe(100);
  });

  it('changes its version when an ejection begins or ends, and only then', () => {
    const { clock, outliers, fail } = detector();
    const start = outliers.version();
    fail('a', 2);
    expect(outliers.version()).toBe(start);
    fail('a', 1);
    const ejected = outliers.version();
    expect(ejected).not.toBe(start);
    fail('a', 5);
    expect(outliers.version()).toBe(ejected);
    clock.now += 100;
    expect(outliers.version()).not.toBe(ejected);
  });

  it('remembers a bounded number of endpoints, dropping the one that failed longest ago', () => {
    const { outliers, fail } = detector({ maxEndpoints: 10 });
    fail('old', 3);
    for (let index = 0; index < 50; index += 1) fail(`vanished-${index}`, 3);
    expect(outliers.ejectedSince('old')).toBeUndefined();
    expect(outliers.ejectedSince('vanished-49')).toBe(0);
  });
});
