import { describe, expect, it } from 'vitest';
import type { EdgeRedirect } from '@lanekeeper/protocol/edge';
import { request } from '../mesh.fixture.ts';
import { compileEdge } from './compile-edge.ts';
import { readEdgePath } from './edge-path.ts';
import type { Listener } from './edge-table.ts';
import { redirectReply } from './redirect.ts';

const PLAIN: Listener = compileEdge(undefined, { trustIncomingTag: false, routes: [] }).plain;
const ON_80: Listener = { ...PLAIN, publicPort: 80, protocol: 'http' };
const ON_8080: Listener = { ...PLAIN, publicPort: 8080, protocol: 'http' };
const ON_443: Listener = { ...PLAIN, publicPort: 443, protocol: 'https' };

const STRANGER = { address: '203.0.113.9', peer: '203.0.113.9', isForwarded: false };

function location(
  redirect: Partial<EdgeRedirect>,
  listener: Listener,
  url = 'example.org/a/b?c=1',
  headers: Readonly<Record<string, string>> = {},
) {
  const slash = url.indexOf('/');
  const head = request(url.slice(0, slash), headers, url.slice(slash));
  const client = { ...STRANGER, isForwarded: headers['x-trusted'] !== undefined };
  const path = readEdgePath(head.path) ?? { pathname: '', loose: '', query: '' };
  const reply = redirectReply({ status: 302, ...redirect }, { head, path, listener, client, prefix: '/a' });
  expect(reply).toMatchObject({ status: redirect.status ?? 302, body: '' });
  return Object.fromEntries(reply.headers).location;
}

describe('a redirect', () => {
  it.each([
    [ON_80, {}, 'http://example.org/a/b?c=1'],
    [ON_80, { port: 8080 }, 'http://example.org:8080/a/b?c=1'],
    [ON_80, { scheme: 'https' }, 'https://example.org/a/b?c=1'],
    [ON_80, { scheme: 'https', port: 443 }, 'https://example.org/a/b?c=1'],
    [ON_80, { scheme: 'https', port: 8443 }, 'https://example.org:8443/a/b?c=1'],
    [ON_8080, {}, 'http://example.org:8080/a/b?c=1'],
    [ON_8080, { port: 80 }, 'http://example.org/a/b?c=1'],
    [ON_8080, { scheme: 'https' }, 'https://example.org/a/b?c=1'],
    [ON_443, {}, 'https://example.org/a/b?c=1'],
    [ON_443, { scheme: 'http', port: 8080 }, 'http://example.org:8080/a/b?c=1'],
    [ON_80, { status: 308, host: 'www.example.com' }, 'http://www.example.com/a/b?c=1'],
    [ON_80, { path: { full: '/new' } }, 'http://example.org/new?c=1'],
    [ON_80, { path: { prefix: '/new' } }, 'http://example.org/new/b?c=1'],
    [ON_80, { path: { prefix: '/' } }, 'http://example.org/b?c=1'],
    [ON_80, { location: 'https://other.example/x' }, 'https://other.example/x'],
  ] as const)('of %o by %o leads to %s', (listener, redirect, expected) => {
    expect(location(redirect, listener)).toBe(expected);
  });

  it('leaves the port of the Host field out, and the brackets of an address in', () => {
    expect(location({}, ON_80, 'example.org:1234/')).toBe('http://example.org/');
    expect(location({}, ON_8080, '[::1]:8080/')).toBe('http://[::1]:8080/');
    expect(location({}, ON_80, '[::1]/')).toBe('http://[::1]/');
  });

  it('leads back to where a trusted proxy was asked, not to where the proxy asks', () => {
    const proxied = { 'x-forwarded-proto': 'https' };
    const trusted = { ...proxied, 'x-trusted': '1' };
    const url = 'example.org/a';
    expect(location({ host: 'b.org' }, ON_80, url, trusted)).toBe('https://b.org/a');
    expect(location({ host: 'b.org' }, ON_80, url, { ...trusted, 'x-forwarded-port': '8443' })).toBe(
      'https://b.org:8443/a',
    );
    expect(location({ host: 'b.org' }, ON_80, url, proxied)).toBe('http://b.org/a');
    expect(location({ host: 'b.org' }, ON_8080, url, { 'x-forwarded-proto': 'ftp', 'x-trusted': '1' })).toBe(
      'http://b.org:8080/a',
    );
  });

  it('lets nothing of the request end the field', () => {
    expect(location({}, ON_80, 'example.org/a?b=\r\nset-cookie: x')).toBe(
      'http://example.org/a?b=%0D%0Aset-cookie:%20x',
    );
  });
});
