import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { saltedHash, shareTest } from './share.ts';

const KEYS = 100_000;
const percents = fc.integer({ min: 0, max: 10_000 }).map((steps) => steps / 100);
const keys = fc.string({ unit: 'binary', maxLength: 40 });

describe('a share', () => {
  it('that is raised only adds keys, and one that is lowered only removes some', () => {
    fc.assert(
      fc.property(percents, percents, keys, fc.string(), (a, b, key, salt) => {
        const isInSmaller = shareTest(Math.min(a, b), saltedHash(salt))(key);
        const isInLarger = shareTest(Math.max(a, b), saltedHash(salt))(key);
        expect(isInSmaller && !isInLarger).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it('of 0 has no key, and one of 100 has all', () => {
    fc.assert(
      fc.property(keys, fc.string(), (key, salt) => {
        expect(shareTest(0, saltedHash(salt))(key)).toBe(false);
        expect(shareTest(100, saltedHash(salt))(key)).toBe(true);
      }),
    );
  });

  it('takes no notice of what is finer than a hundredth', () => {
    const keyed = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
    const counts = [0.009999999, 0.01, 0.010000001].map(
      (percent) => keyed.filter(shareTest(percent, saltedHash('gray'))).length,
    );
    expect(new Set(counts).size).toBe(1);
  });

  it('of a hundredth is a hundredth of a percent', () => {
    const isIn = shareTest(0.01, saltedHash('gray'));
    const found = Array.from({ length: 1_000_000 }, (_, index) => index).filter((index) =>
      isIn(`user-${index}`),
    );
    expect(found.length).toBeGreaterThan(70);
    expect(found.length).toBeLessThan(130);
  });
});

/** As clients are told apart: counted, by address, by mail, at random (replayable). */
const FAMILIES: Readonly<Record<string, (index: number) => string>> = {
  'user-<n>': (index) => `user-${index}`,
  '<n>': String,
  address: (index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  mail: (index) => `user${index}@example.com`,
  uuid: (index) =>
    createHash('md5')
      .update(String(index))
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
};

describe.each(Object.keys(FAMILIES))('over 100,000 keys of the kind %s', (family) => {
  const all = Array.from({ length: KEYS }, (_, index) => FAMILIES[family]?.(index) ?? '');
  const shareOf = (percent: number, salt: string): number =>
    (all.filter(shareTest(percent, saltedHash(salt))).length / KEYS) * 100;

  // By chance alone a share of 50 % strays by 0.16 points; the keys are fixed, so nothing here is left to it.
  it.each([0.01, 0.1, 1, 5, 10, 25, 50, 75, 90, 99])('%s percent are within 0.2 points of it', (percent) => {
    expect(Math.abs(shareOf(percent, 'gray') - percent)).toBeLessThan(0.2);
  });

  it('two lanes choose their keys as if by chance', () => {
    const isGray = shareTest(20, saltedHash('gray'));
    const isBlue = shareTest(20, saltedHash('blue'));
    const both = all.filter((key) => isGray(key) && isBlue(key)).length / KEYS;
    expect(Math.abs(both - 0.04)).toBeLessThan(0.004);
  });
});
