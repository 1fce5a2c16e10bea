import { describe, expect, it } from 'vitest';
import { readEdgePath } from './edge-path.ts';
import { compileRewrite } from './rewrite.ts';

function rewritten(path: string, prefix: string | undefined, rewrite: Parameters<typeof compileRewrite>[0]) {
  const read = readEdgePath(path);
  return read === undefined ? undefined : compileRewrite(rewrite, prefix)?.pathOf?.(read);
}

describe('a rewrite', () => {
  it.each([
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo', '/foo', '/xyz/', '/xyz/'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/bar', '', '/xyz', '/xyz/bar'],
    ['/', '', '/xyz', '/xyz/'],
    ['/%66oo/b%20c?d=1', '/foo', '/xyz', '/xyz/b%20c?d=1'],
  ])('of the prefix, as the Gateway API has it: %s of %s by "%s" is %s', (path, prefix, by, result) => {
    expect(rewritten(path, prefix, { path: { prefix: by } })).toBe(result);
  });

  it('of the whole path keeps the query', () => {
    expect(rewritten('/a/b?c=1', undefined, { path: { full: '/one' } })).toBe('/one?c=1');
    expect(rewritten('/a/b?c=1', undefined, { path: { full: '/one?x=2' } })).toBe('/one?x=2&c=1');
    expect(rewritten('/a', undefined, { path: { full: '' } })).toBe('/');
  });

  it('by a regular expression fills in its groups, and leaves a path that does not match', () => {
    const path = { regex: '^/something(/|$)(.*)$', replacement: '/$2' };
    expect(rewritten('/something/new?q=1', undefined, { path })).toBe('/new?q=1');
    expect(rewritten('/something', undefined, { path })).toBe('/');
    expect(rewritten('/else', undefined, { path })).toBe('/else');
    expect(rewritten('/x', undefined, { path: { regex: '(', replacement: '/' } })).toBeUndefined();
  });

  it('of the host is told apart from the path', () => {
    expect(compileRewrite({ host: 'one.example.org' }, '')).toEqual({
      authority: 'one.example.org',
      pathOf: undefined,
    });
    expect(compileRewrite(undefined, '')).toBeUndefined();
  });
});
