import { describe, expect, it } from 'vitest';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { TlsMaterial } from '../../edge/tls-material.ts';
import { convert, rulesAt, type FixtureOptions } from './ingress.fixture.ts';

const OWN: TlsMaterial = { kind: 'valid', certificate: { certificate: 'OWN', key: 'OWN KEY' } };
const SHOP: TlsMaterial = { kind: 'valid', certificate: { certificate: 'SHOP', key: 'SHOP KEY' } };
const DEFAULT: FixtureOptions = {
  defaultSecret: 'lanekeeper-system/edge',
  secrets: { 'lanekeeper-system/edge': OWN, 'shop/wild': SHOP },
};

function ingress(name: string, host: string, tls = '', annotations = ''): string {
  return `---
metadata: {name: ${name}, annotations: {${annotations}}}
spec:
  ${tls}
  rules:
  - host: '${host}'
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}
`;
}

const PLAIN = ingress('plain', 'www.example.com');
const WILD = ingress('wild', '*.example.com', "tls: [{hosts: ['*.example.com'], secretName: wild}]");

/** `port host: certificates: hosts` of each listener of TLS. */
function secured({ listeners }: EdgeConfig): readonly string[] {
  return listeners
    .filter(({ protocol }) => protocol === 'https')
    .map(
      ({ host, certificates, hosts }) =>
        `${host} with ${certificates.join()}: ${hosts.map((each) => each.host).join()}`,
    );
}

describe("a host that wants no TLS of its own, with the gateway's certificate", () => {
  it('is served by https with it, and in plain text without a redirect', () => {
    const { edge, problems } = convert(PLAIN, DEFAULT);
    expect(problems).toEqual([]);
    expect(secured(edge)).toEqual(['* with lanekeeper-system/edge: www.example.com']);
    expect(edge.certificates).toEqual({ 'lanekeeper-system/edge': { certificate: 'OWN', key: 'OWN KEY' } });
    expect(rulesAt(edge, 'www.example.com', 'https')[0]?.action.kind).toBe('forward');
    expect(rulesAt(edge, 'www.example.com').map(({ action }) => action.kind)).toEqual(['forward']);
  });

  it('is served where the certificate of a wider name stands that is for it, never by the rules of that name', () => {
    const { edge } = convert(PLAIN + WILD, DEFAULT);
    expect(secured(edge)).toEqual([
      '*.example.com with shop/wild: www.example.com,*.example.com',
      '* with lanekeeper-system/edge: ',
    ]);
    expect(rulesAt(edge, 'www.example.com', 'https').map(({ name }) => name)).toEqual([
      'Ingress shop/plain: www.example.com/',
    ]);
  });

  it('is not served by https without one, nor where a wider name is broken', () => {
    expect(secured(convert(PLAIN).edge)).toEqual([]);
    const { edge } = convert(PLAIN + WILD, { ...DEFAULT, secrets: { 'lanekeeper-system/edge': OWN } });
    expect(secured(edge)).toEqual(['*.example.com with : ', '* with lanekeeper-system/edge: ']);
  });

  it('leaves the default backend with a certificate of its own to itself', () => {
    const any = `---
metadata: {name: any}
spec: {tls: [{secretName: wild}], defaultBackend: {service: {name: b, port: {number: 80}}}}
`;
    expect(secured(convert(PLAIN + any, DEFAULT).edge)).toEqual(['* with shop/wild: www.example.com,*']);
  });
});

describe('a listener that the GatewayConfig does not name', () => {
  const named = ingress('named', 'secure.example.com', 'tls: [{secretName: wild}]');

  it('is not there: no plain text, and who is not served is told so', () => {
    const { edge, problems } = convert(PLAIN + named, {
      ...DEFAULT,
      defaultSecret: 'shop/none',
      entry: { http: undefined },
    });
    expect(edge.listeners.map(({ protocol, host }) => `${protocol} ${host}`)).toEqual([
      'https secure.example.com',
    ]);
    expect(problems).toMatchObject([{ ingress: 'shop/plain', reason: 'ListenerMissing' }]);
    expect(problems[0]?.message).toContain('www.example.com is not served');
  });

  it("is no loss of a host that the gateway's own certificate is for", () => {
    const { edge, problems } = convert(PLAIN, { ...DEFAULT, entry: { http: undefined } });
    expect(secured(edge)).toEqual(['* with lanekeeper-system/edge: www.example.com']);
    expect(problems).toEqual([]);
  });

  it('is not there: no TLS, nobody is sent to it, and who wanted it is told so', () => {
    const { edge, problems } = convert(PLAIN + named, { ...DEFAULT, entry: { https: undefined } });
    expect(edge.listeners.map(({ protocol }) => protocol)).toEqual(['http']);
    expect(edge.certificates).toEqual({});
    expect(rulesAt(edge, 'secure.example.com').map(({ action }) => action.kind)).toEqual(['forward']);
    expect(problems).toMatchObject([{ ingress: 'shop/named', reason: 'ListenerMissing' }]);
    expect(problems[0]?.message).toContain('secure.example.com is not served by https');
  });
});

it('plain text leads to the port of https that clients see', () => {
  const named = ingress('named', 'secure.example.com', 'tls: [{secretName: wild}]');
  const { edge } = convert(named, { ...DEFAULT, entry: { https: { port: 8443, publicPort: 9443 } } });
  expect(rulesAt(edge, 'secure.example.com')[0]?.action).toEqual({
    ...{ kind: 'redirect', status: 308, scheme: 'https', port: 9443 },
  });
});
