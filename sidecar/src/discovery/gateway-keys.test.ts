import type { EdgeBackend, EdgeConfig, EdgeRule } from '@lanekeeper/protocol/edge';
import { expect, test } from 'vitest';
import { gatewayKeys } from './gateway-keys.ts';

const backend = (name: string): EdgeBackend => ({
  service: { name, namespace: 'shop' },
  port: 80,
  weight: 1,
});

function edgeOf(...rules: readonly Partial<EdgeRule>[]): EdgeConfig {
  const policy = { trustIncomingTag: false, trustedProxies: [], proxyProtocol: false, allow: [], deny: [] };
  const whole = rules.map((rule): EdgeRule => ({
    ...{ name: 'rule', match: {}, action: { kind: 'forward', backends: [] } },
    ...rule,
  }));
  const at = {
    name: 'l',
    port: 8080,
    publicPort: 80,
    protocol: 'http',
    host: '*',
    certificates: [],
  } as const;
  return { listeners: [{ ...at, policy, hosts: [{ host: '*', rules: whole }] }], certificates: {} };
}

test('a gateway asks for whatever its rules may send requests to, each service once', () => {
  const edge = edgeOf(
    { action: { kind: 'forward', backends: [backend('A'), backend('b')] } },
    { canaries: [{ name: 'c', backend: backend('b-gray') }] },
    { mirrors: [{ service: { name: 'mirror', namespace: 'audit' }, port: 80, percent: 5 }] },
    { action: { kind: 'forward', backends: [backend('b'), { service: undefined, port: 0, weight: 1 }] } },
    { action: { kind: 'reply', status: 404, reason: 'nobody' } },
  );
  const route = { hosts: ['*'], pathPrefix: '/', service: { name: 'r', namespace: 'shop' }, port: 80 };
  expect(gatewayKeys({ gateway: { trustIncomingTag: false, routes: [route] }, edge })).toEqual([
    ...['host:r.shop', 'host:a.shop', 'host:b.shop', 'host:b-gray.shop', 'host:mirror.audit'],
  ]);
});
