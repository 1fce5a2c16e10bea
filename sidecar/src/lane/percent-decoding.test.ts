import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePercent } from './percent-decoding.ts';

describe('decodePercent', () => {
  it.each([
    ['a%20b', 'a b'],
    ['%C3%A9%F0%9F%90%B3', 'é🐳'],
    ['%', '%'],
    ['%zz%61%ff%c3%a9%c3%e2%82%', '%zza%ffé%c3%e2%82%'],
    ['%c0%80%ed%a0%80%f4%90%80%80', '%c0%80%ed%a0%80%f4%90%80%80'],
  ])('turns %j into %j', (written, meant) => {
    expect(decodePercent(written)).toBe(meant);
  });

  it('decodes what decodeURIComponent decodes, and leaves the rest of a text as it is', () => {
    const byte = fc.integer({ min: 0, max: 255 }).map((value) => `%${value.toString(16).padStart(2, '0')}`);
    const character = fc.string({ unit: 'grapheme', maxLength: 1 }).map(encodeURIComponent);
    const text = fc.array(fc.oneof(byte, character, fc.constantFrom('%', 'a', '%4')), { maxLength: 6 });
    fc.assert(
      fc.property(text, (parts) => {
        const written = parts.join('');
        const decoded = decodePercent(written);
        let expected: string | undefined;
        try {
          expected = decodeURIComponent(written);
        } catch {
          expected = undefined;
        }
        if (expected !== undefined) expect(decoded).toBe(expected);
        else expect(decoded).toContain('%');
      }),
      { numRuns: 10_000 },
    );
  });
});
