import { describe, expect, it } from 'vitest';
import type { GatewayRoute } from '@lanekeeper/protocol/model';
import { decideGateway } from '../decide-gateway.ts';
import { connection, contextOf, mesh, request } from '../mesh.fixture.ts';
import { arriving, ask, edge, listener, OPEN, outcome, rule, type Sent } from './edge.fixture.ts';

const prefix = (path: string) => ({ match: { path: { prefix: path } } });

describe('the listener of a request', () => {
  const TLS = { port: 8443, publicPort: 443, protocol: 'https' as const };
  const config = edge(
    listener([rule('any')], { ...TLS, host: '*' }),
    listener([rule('second')], { ...TLS, host: 'second-example.org' }),
    listener([rule('wild')], { ...TLS, host: '*.wildcard.org' }),
    listener([rule('fourth')], { ...TLS, host: 'fourth-example.wildcard.org' }),
  );

  it.each([
    ['example.org', 'example.org', 'any'],
    ['example.org', 'second-example.org', 'misdirected'],
    ['example.org', 'unknown-example.org', 'any'],
    ['second-example.org', 'second-example.org:8443', 'second'],
    ['second-example.org', 'example.org', 'misdirected'],
    ['third-example.wildcard.org', 'third-example.wildcard.org', 'wild'],
    ['third-example.wildcard.org', 'fith-example.wildcard.org', 'wild'],
    ['third-example.wildcard.org', 'fourth-example.wildcard.org', 'misdirected'],
    ['fourth-example.wildcard.org', 'fith-example.wildcard.org', 'misdirected'],
    ['unknown-example.org', 'example.org', 'any'],
  ])('on a connection for %s, host %s: %s', (serverName, host, expected) => {
    expect(outcome(ask(config, { host, on: arriving(8443, { serverName }) }))).toBe(expected);
  });

  it('is 404 for a host that no listener is for, whoever made the connection', () => {
    const two = edge(
      listener([rule('a')], { ...TLS, host: 'a.example.com' }),
      listener([rule('b')], { ...TLS, host: 'b.example.com' }),
    );
    const on = arriving(8443, { serverName: 'a.example.com' });
    expect(ask(two, { host: 'c.example.com', on }).refusal).toMatchObject({
      code: 'no-route',
      message: expect.stringContaining('No listener of the gateway is for host "c.example.com"') as string,
    });
  });

  it('is misdirected without a server name where a listener of its own has the host', () => {
    const on = { ...arriving(8443), edge: { port: 8443, isTls: true, serverName: undefined } };
    expect(outcome(ask(config, { host: 'second-example.org', on }))).toBe('misdirected');
    expect(outcome(ask(config, { host: 'example.org', on }))).toBe('any');
  });

  it('is told by the port, too, and never lends its rules to another', () => {
    const two = edge(
      listener([rule('one')], { port: 8080 }),
      listener([rule('deep', prefix('/x'))], { port: 8081, host: 'x.example.com' }),
      listener([rule('wide')], { port: 8081, host: '*.example.com' }),
    );
    expect(outcome(ask(two, { on: arriving(8080) }))).toBe('one');
    expect(outcome(ask(two, { on: arriving(8081) }))).toBe('wide');
    expect(outcome(ask(two, { host: 'x.example.com', on: arriving(8081) }))).toBe('no-route');
    expect(outcome(ask(two, { on: arriving(9999) }))).toBe('no-route');
  });
});

describe('the rule of a request', () => {
  const config = edge({
    ...listener([]),
    hosts: [
      {
        host: 'www.example.com',
        rules: [
          rule('exact', { match: { path: { exact: '/a/exact' } } }),
          rule('post', { match: { path: { prefix: '/a' }, method: 'POST' } }),
          rule('header', { match: { path: { prefix: '/a' }, headers: { 'x-version': { exact: '2' } } } }),
          rule('query', { match: { path: { prefix: '/a' }, query: { animal: { exact: 'whale' } } } }),
          rule('a', prefix('/a/')),
          rule('regex', { match: { path: { regex: '/r/[0-9]+' } } }),
          rule('bad regex', { match: { path: { regex: '(' } } }),
          rule('never', { ...prefix('/never'), action: { kind: 'forward', backends: [] } }),
        ],
      },
      { host: '*.example.com', rules: [rule('wild', prefix('/w'))] },
      { host: '*', rules: [rule('any', prefix('/any'))] },
    ],
  });
  const cases: readonly (readonly [Sent, string])[] = [
    [{ path: '/a' }, 'a'],
    [{ path: '/a/b?x=1' }, 'a'],
    [{ path: '/ab' }, 'no-route'],
    [{ path: '/a/exact' }, 'exact'],
    [{ path: '/a/exact/' }, 'a'],
    [{ path: '/a/exact?q' }, 'exact'],
    [{ path: '/A' }, 'no-route'],
    [{ path: '/a', method: 'POST' }, 'post'],
    [{ path: '/a', headers: { 'x-version': '2' } }, 'header'],
    [{ path: '/a', headers: { 'x-version': '3' } }, 'a'],
    [{ path: '/a?animal=whale&animal=dog' }, 'query'],
    [{ path: '/a?animal=dog&animal=whale' }, 'a'],
    [{ path: '/r/17' }, 'regex'],
    [{ path: '/r/17x' }, 'no-route'],
    [{ path: '/w' }, 'wild'],
    [{ path: '/any' }, 'any'],
    [{ host: 'www.example.com.:8080', path: '/a' }, 'a'],
    [{ host: 'x.y.example.com', path: '/w' }, 'wild'],
    [{ host: 'example.com', path: '/w' }, 'no-route'],
    [{ host: '', path: '/any' }, 'any'],
    [{ path: '/never' }, 'no-backend'],
    [{ path: '', method: 'CONNECT' }, 'no-route'],
  ];

  it.each(cases)('of %o is %s', (sent, expected) => {
    expect(outcome(ask(config, sent))).toBe(expected);
  });
});

describe('a redirect to https', () => {
  const toHttps = rule('to https', { action: { kind: 'redirect', status: 308, scheme: 'https' } });
  const policy = { ...OPEN, trustedProxies: ['10.0.0.1'] };
  const behind = edge(listener([toHttps, rule('served')], { policy }));
  const asked = (peer: string, proto: string) => ({
    on: arriving(8080, { peer }),
    headers: { 'x-forwarded-proto': proto },
  });

  it('gives way where a trusted proxy was asked by https already, and to nobody else', () => {
    expect(outcome(ask(behind, asked('10.0.0.1', 'https')))).toBe('served');
    expect(outcome(ask(behind, asked('10.0.0.1', 'http')))).toBe('to https');
    expect(outcome(ask(behind, asked('203.0.113.9', 'https')))).toBe('to https');
  });

  it('stands where nothing is behind it', () => {
    const alone = edge(listener([toHttps], { policy }));
    expect(outcome(ask(alone, asked('10.0.0.1', 'https')))).toBe('to https');
  });
});

describe('a path that can be read in several ways', () => {
  const config = edge(
    listener([
      rule('admin', { ...prefix('/admin'), allow: ['10.0.0.0/8'] }),
      rule('file', { match: { path: { exact: '/files/a b' } } }),
      rule('rest', prefix('/')),
    ]),
  );

  it.each([
    ['/admin', 'forbidden-client'],
    ['/%61dmin', 'forbidden-client'],
    ['/public/../admin', 'unsafe-path'],
    ['/public/%2e%2e/admin', 'unsafe-path'],
    ['/public/..%2fadmin', 'unsafe-path'],
    ['/%2fadmin', 'unsafe-path'],
    ['//admin', 'unsafe-path'],
    ['/admin;x=1', 'unsafe-path'],
    ['/\\admin', 'unsafe-path'],
    ['/a/..;/admin', 'unsafe-path'],
    ['/group%2fproject', 'rest'],
    ['/a//b', 'rest'],
    ['/files/a%20b', 'file'],
    ['/adminx', 'rest'],
  ])('never leads around a rule: %s is %s', (path, expected) => {
    expect(outcome(ask(config, { path }))).toBe(expected);
  });
});

describe('gateway.routes of a mesh file', () => {
  function route(name: string, hosts: readonly string[], pathPrefix = '/'): GatewayRoute {
    return { hosts, pathPrefix, service: { name, namespace: 'default' }, port: 80 };
  }
  const routes = [
    route('any', ['*']),
    route('any-api', ['*'], '/api'),
    route('wild', ['*.example.com']),
    route('deep', ['*.shop.example.com']),
    route('exact', ['www.example.com'], '/a'),
    route('exact-long', ['www.example.com'], '/a/b/'),
    route('second', ['www.example.com'], '/a'),
    route('upper', ['WWW.Upper.COM']),
  ];

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
  ])('send %s%s to %s', (authority, path, name) => {
    const context = contextOf(mesh({ gateway: { trustIncomingTag: false, routes } }));
    const decision = decideGateway(request(authority, {}, path), connection('gateway'), context);
    expect(decision.edge?.choice?.backend?.serviceId).toBe(`default/${name}`);
  });

  it('are not for the listeners of an edge, nor the other way round', () => {
    const config = mesh({
      gateway: { trustIncomingTag: false, routes },
      edge: edge(listener([], { host: 'x' })),
    });
    const onListener = decideGateway(request('www.example.com'), arriving(), contextOf(config));
    expect(onListener.refusal?.code).toBe('no-route');
  });
});
