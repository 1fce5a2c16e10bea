import { describe, expect, it } from 'vitest';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import { createHarness } from './exchange/exchange.fixture.ts';
import { createGateway } from './gateway.ts';
import { ProxyError } from './proxy-error.ts';
import { arriving, backend, edge, headOf, listener, rule, type Sent } from './route/edge/edge.fixture.ts';
import { contextOf, DEMO, endpoint, lane, mesh, service } from './route/mesh.fixture.ts';

const affinity = { cookie: 'route', mode: 'balanced', canary: 'sticky' } as const;
const MESH = mesh({
  services: [
    service('a', {
      endpoints: [
        endpoint('10.0.1.1', { lane: 'gray' }),
        endpoint('10.0.1.2', { lane: 'gray' }),
        endpoint('10.0.1.3'),
      ],
    }),
  ],
  lanes: [lane('gray', { group: '' })],
});
const TO_GRAY = { kind: 'forward', backends: [backend('a', { subset: 'gray' })] } as const;
const failed = new ProxyError('connect-failed', 'nobody listens', { retryable: true });

function visit(config: EdgeConfig, sent: Sent = {}) {
  const harness = createHarness();
  const context = contextOf({ ...MESH, edge: config });
  const gateway = createGateway({ context: () => context, exchanges: harness.exchanges });
  return { harness, exchange: gateway.begin(headOf(sent), sent.on ?? arriving()) };
}

describe('a gateway', () => {
  it('keeps to rule, backend and subset in a retry, and the cookie names the endpoint that answers', () => {
    const { exchange, harness } = visit(
      edge(listener([rule('Ingress shop/a', { action: TO_GRAY, affinity })])),
    );
    const cookieOf = () => exchange.responseEdits.find(({ name }) => name === 'set-cookie')?.value;
    expect(exchange.target).toEqual({ address: '10.0.1.1', port: 8080 });
    const first = cookieOf();
    expect(exchange.retry(failed)).toBe(true);
    expect(exchange.target).toEqual({ address: '10.0.1.2', port: 8080 });
    expect(cookieOf()).not.toBe(first);
    expect(exchange.requestEdits).toContainEqual({ name: 'x-real-ip', value: '203.0.113.9' });
    expect(exchange.retry(failed)).toBe(false);
    exchange.end({ status: 502, error: failed });
    expect(harness.hops.read({}, 1)).toMatchObject([{ route: 'Ingress shop/a', lane: 'gray', attempt: 2 }]);
  });

  it('says in hop and access log which rule it was and what came of it', () => {
    const redirect = { kind: 'redirect', status: 301, scheme: 'https' } as const;
    const { exchange, harness } = visit(edge(listener([rule('Ingress shop/a: /', { action: redirect })])));
    expect(exchange.edge?.reply?.status).toBe(301);
    exchange.end({ status: 301 });
    expect(harness.hops.read({}, 1)).toMatchObject([
      {
        route: 'Ingress shop/a: /',
        endpoint: null,
        why: 'The baseline (answered at the edge). By Ingress shop/a: /: redirected with 301.',
      },
    ]);
  });

  it('logs why a host gets 404', () => {
    const { exchange, harness } = visit(edge(listener([rule('r')], { host: 'www.example.com' })), {
      host: 'nobody.example.com',
    });
    expect(exchange.refusal?.code).toBe('no-route');
    exchange.end({ status: 404, error: exchange.refusal ?? failed });
    expect(JSON.stringify(harness.lines)).toContain(
      'No listener of the gateway is for host \\"nobody.example.com\\"',
    );
    expect(harness.hops.read({}, 1)[0]).not.toHaveProperty('route');
  });

  it('goes on serving the routes of a mesh file as they came', () => {
    const harness = createHarness();
    const routes = [
      { hosts: ['*'], pathPrefix: '/', service: { name: 'a', namespace: 'default' }, port: 80 },
    ];
    const context = contextOf({ ...DEMO, gateway: { trustIncomingTag: false, routes } });
    const gateway = createGateway({ context: () => context, exchanges: harness.exchanges });
    const on = { ...arriving(), edge: undefined };
    const exchange = gateway.begin(headOf({ protocol: 'h2', headers: { 'x-forwarded-for': '1.2.3.4' } }), on);
    expect([exchange.edge, exchange.target.address]).toEqual([undefined, '10.0.1.1']);
    expect(exchange.requestEdits).toEqual([{ name: 'x-lanekeeper-hop', value: 'origin' }]);
  });
});
