import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareHosts, covers, intersectHosts } from './hostnames.ts';

const label = fc.constantFrom('a', 'b', 'ab', 'www');
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const pattern = fc.oneof(
  fc.constant('*'),
  name,
  name.map((host) => `*.${host}`),
);

describe('host patterns', () => {
  it.each([
    ['*', 'www.example.com', 'www.example.com'],
    ['*.example.com', 'www.example.com', 'www.example.com'],
    ['*.example.com', 'a.b.example.com', 'a.b.example.com'],
    ['*.example.com', '*.b.example.com', '*.b.example.com'],
    ['*.example.com', 'example.com', undefined],
    ['*.example.com', 'notexample.com', undefined],
    ['www.example.com', 'example.com', undefined],
    ['*.example.com', '*.example.org', undefined],
  ])('%s and %s meet in %s, whichever is asked first', (a, b, both) => {
    expect(intersectHosts(a, b)).toBe(both);
    expect(intersectHosts(b, a)).toBe(both);
  });

  it('meet in what both mean, and nothing else', () => {
    fc.assert(
      fc.property(pattern, pattern, name, (a, b, host) => {
        const both = intersectHosts(a, b);
        expect(both !== undefined && covers(both, host)).toBe(covers(a, host) && covers(b, host));
      }),
    );
  });

  it('are in order from the most specific one to the one that means all', () => {
    const all = ['*', '*.example.com', 'z.example.com', '*.a.example.com', 'a.example.com'];
    expect(all.toSorted(compareHosts)).toEqual([
      'a.example.com',
      'z.example.com',
      '*.a.example.com',
      '*.example.com',
      '*',
    ]);
  });

  it('never have one that covers another before it', () => {
    fc.assert(
      fc.property(fc.array(pattern), (patterns) => {
        const sorted = patterns.toSorted(compareHosts);
        sorted.forEach((wide, index) => {
          for (const later of sorted.slice(index + 1)) {
            if (later !== wide) expect(covers(wide, later)).toBe(false);
          }
        });
      }),
    );
  });
});
