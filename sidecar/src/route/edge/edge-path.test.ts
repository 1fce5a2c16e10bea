import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalRulePath, readEdgePath, trimPrefix } from './edge-path.ts';

describe('readEdgePath', () => {
  it.each([
    ['/a/b?c=%2e%2e', '/a/b', '/a/b', '?c=%2e%2e'],
    ['/', '/', '/', ''],
    ['*', '*', '*', ''],
    ['', '', '', ''],
    ['/%61dmin', '/admin', '/admin', ''],
    ['/%7euser/%c3%a9', '/~user/%C3%A9', '/~user/%C3%A9', ''],
    ['/a%20b', '/a%20b', '/a%20b', ''],
    ['/caf\xc3\xa9', '/caf%C3%A9', '/caf%C3%A9', ''],
    ['/group%2fproject', '/group%2Fproject', '/group/project', ''],
    ['/a//b', '/a//b', '/a/b', ''],
    ['/a\\b', '/a\\b', '/a/b', ''],
    ['/a;v=1/b;x', '/a;v=1/b;x', '/a/b', ''],
    ['/a%3bx/b', '/a%3Bx/b', '/a/b', ''],
    ['/user%40x', '/user%40x', '/user@x', ''],
    ['/100%', '/100%', '/100%', ''],
    ['/a%252fb', '/a%252fb', '/a%252fb', ''],
    ['/...', '/...', '/...', ''],
    ['/.well-known/x', '/.well-known/x', '/.well-known/x', ''],
  ])('reads %s as %s, or loosely as %s', (path, pathname, loose, query) => {
    expect(readEdgePath(path)).toEqual({ pathname, loose, query });
  });

  it.each([
    '/a/../b',
    '/..',
    '/a/.',
    '/./a',
    '/a/%2e%2E/b',
    '/a/.%2e/b',
    '/a/..%2fb',
    '/a%2f..%2fb',
    '/a/..\\b',
    '/a%5c..%5cb',
    '/a/..;/b',
    '/a/..%3bx/b',
    '/a%00',
  ])('refuses %s, which readers understand differently', (path) => {
    expect(readEdgePath(path)).toBeUndefined();
  });

  it('never throws, and has no dot segment in either reading', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '%5c',
      ';',
      '\\',
      'a',
      '%',
      '?',
      '\xff',
      '%00',
    );
    const paths = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(paths, (path) => {
        const read = readEdgePath(path);
        if (read === undefined) return;
        for (const text of [read.pathname, read.loose]) {
          expect(text.split('/').filter((segment) => segment === '.' || segment === '..')).toEqual([]);
        }
        expect(read.loose).not.toMatch(/\/\/|\\|%2F|%5C/i);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('canonicalRulePath', () => {
  it('spells the path of a rule as that of a request that asks for it', () => {
    for (const path of ['/café', '/a b', '/%61', '/%7e', '/日本', '/a%2fb', '/plain']) {
      const request = encodeURI(path).replaceAll('%25', '%');
      expect(canonicalRulePath(path)).toBe(readEdgePath(request)?.pathname);
    }
    expect(canonicalRulePath('/\ud800')).toBe('/%EF%BF%BD');
  });

  it('takes prefixes with and without a slash at the end for the same', () => {
    expect(['/a/', '/a', '/', '//', ''].map(trimPrefix)).toEqual(['/a', '/a', '', '', '']);
  });
});
