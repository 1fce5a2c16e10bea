import { describe, expect, it } from 'vitest';
import { compileRouteTable } from './compile-routes.ts';
import { matchRoute } from './match-route.ts';

function route(name: string, hosts: readonly string[], pathPrefix = '/') {
  return { hosts, pathPrefix, service: { name, namespace: 'default' }, port: 80 };
}

const TABLE = compileRouteTable([
  route('any', ['*']),
  route('any-api', ['*'], '/api'),
  route('wild', ['*.example.com']),
  route('deep', ['*.shop.example.com']),
  route('exact', ['www.example.com'], '/a'),
  route('exact-long', ['www.example.com'], '/a/b/'),
  route('second', ['www.example.com'], '/a'),
  route('upper', ['WWW.Upper.COM']),
]);

describe('matchRoute', () => {
  it.each([
    ['www.example.com', '/a', 'exact'],
    ['www.example.com:8080', '/a?x=/a/b', 'exact'],
    ['www.example.com.', '/a/b', 'exact-long'],
    ['www.example.com', '/a/b/c', 'exact-long'],
    ['www.example.com', '/ab', 'wild'],
    ['x.y.example.com', '/', 'wild'],
    ['x.shop.example.com', '/', 'deep'],
    ['example.com', '/api/x', 'any-api'],
    ['example.com', '/apix', 'any'],
    ['www.upper.com', '/', 'upper'],
    ['', '*', 'any'],
  ])('sends %s%s to %s', (authority, path, name) => {
    expect(matchRoute(TABLE, authority, path)?.service.name).toBe(name);
  });

  it('has no route where no host matches', () => {
    const table = compileRouteTable([route('a', ['a.example.com']), route('b', ['*.b.example.com'])]);
    expect(matchRoute(table, 'b.example.com', '/')).toBeUndefined();
    expect(matchRoute(table, '', '/')).toBeUndefined();
  });
});
