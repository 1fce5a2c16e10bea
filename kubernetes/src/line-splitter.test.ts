import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

it('finds the same lines however the bytes are cut, inside characters too', () => {
  const text = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', '')));
  fc.assert(
    fc.property(text, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const splitter = new LineSplitter(1_000_000);
      const found: string[] = [];
      for (let from = 0; from < bytes.length;) {
        const size = sizes.next().value ?? 1;
        found.push(...splitter.push(bytes.subarray(from, from + size)));
        from += size;
      }
      expect(found).toEqual(lines.filter((line) => line !== ''));
      expect(splitter.pending).toBe(0);
    }),
  );
});

it('knows of a line that has not ended', () => {
  const splitter = new LineSplitter(100);
  expect(splitter.push(Buffer.from('{"a":1}\n{"b"'))).toEqual(['{"a":1}']);
  expect(splitter.pending).toBe(4);
  expect(splitter.push(Buffer.from(':2}\n'))).toEqual(['{"b":2}']);
});

it('refuses a line without an end before it takes the memory', () => {
  const splitter = new LineSplitter(10);
  splitter.push(Buffer.from('123456'));
  expect(() => splitter.push(Buffer.from('78901'))).toThrow(RangeError);
});
