import { describe, expect, it } from 'vitest';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { contextOf, DEMO } from '../mesh.fixture.ts';
import { explain, type ExplainRequest } from '../explain.ts';
import { edge, listener, rule } from './edge.fixture.ts';

const EDGE = edge(
  listener([rule('plain')], { port: 8080, publicPort: 80 }),
  listener([rule('secure')], { port: 8443, publicPort: 443, protocol: 'https', host: 'www.example.com' }),
  listener([rule('other', { allow: ['10.0.0.0/8'] })], { port: 20_000, publicPort: 8080 }),
);

function ask(more: Partial<ExplainRequest>, config: MeshConfig = { ...DEMO, edge: EDGE }) {
  const request = {
    direction: 'gateway',
    method: 'GET',
    authority: 'www.example.com',
    path: '/',
    headers: [],
  } as const;
  const { route, refusal } = explain({ ...request, ...more }, contextOf(config));
  return refusal?.code ?? route;
}

describe('explain at a gateway', () => {
  it.each<readonly [Partial<ExplainRequest>, string]>([
    [{}, 'plain'],
    [{ tls: true }, 'secure'],
    [{ port: 8443 }, 'secure'],
    [{ port: 443 }, 'secure'],
    [{ port: 443, authority: 'nobody.example.com' }, 'no-route'],
    [{ port: 20_000 }, 'forbidden-client'],
    [{ port: 20_000, client: '10.1.2.3' }, 'other'],
    [{ port: 8080 }, 'plain'],
    [{ port: 1 }, 'no-route'],
  ])('of %o tells %s', (more, expected) => {
    expect(ask(more)).toBe(expected);
  });

  it('asks the routes of a mesh file where there is no listener', () => {
    const routes = [
      { hosts: ['*'], pathPrefix: '/', service: { name: 'a', namespace: 'default' }, port: 80 },
    ];
    expect(ask({}, { ...DEMO, gateway: { trustIncomingTag: false, routes } })).toBe('gateway.routes: */');
  });
});
