import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TlsMaterial } from '../../edge/tls-material.ts';
import { convert, rulesAt } from './ingress.fixture.ts';

const MAIN = `
metadata: {name: a}
spec:
  rules:
  - host: www.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}
`;

function canary(name: string, annotations: string, service = 'a-gray'): string {
  return `---
metadata:
  name: ${name}
  annotations: {nginx.ingress.kubernetes.io/canary: "true", ${annotations}}
spec:
  rules:
  - host: www.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${service}, port: {name: http}}}}]}
`;
}

const TLS: TlsMaterial = { kind: 'valid', certificate: { certificate: 'CERT', key: 'KEY' } };

describe('an Ingress', () => {
  it('becomes a rule of its host at the plain listener', () => {
    const { edge, problems } = convert(MAIN);
    expect(problems).toEqual([]);
    expect(edge.listeners).toHaveLength(1);
    expect(edge.listeners[0]).toMatchObject({ port: 8080, publicPort: 80, protocol: 'http', host: '*' });
    expect(rulesAt(edge, 'www.example.com')).toEqual([
      {
        name: 'Ingress shop/a: www.example.com/',
        match: { path: { prefix: '/' } },
        action: {
          kind: 'forward',
          backends: [{ service: { name: 'a', namespace: 'shop' }, port: 80, weight: 1 }],
        },
      },
    ]);
  });

  it('whose backend is not there answers 500 instead of going astray, and says so', () => {
    const { edge, problems } = convert(MAIN.replace('name: a, port', 'name: nobody, port'));
    expect(rulesAt(edge, 'www.example.com')[0]?.action).toEqual({
      kind: 'forward',
      backends: [{ service: undefined, port: 0, weight: 1 }],
    });
    expect(problems).toEqual([
      { ingress: 'shop/a', reason: 'BackendNotFound', message: 'there is no Service shop/nobody' },
    ]);
  });

  it('loses a place to an older one, and says which', () => {
    const { edge, problems } = convert(
      `${MAIN}---${MAIN.replace('name: a}', 'name: b}').replace('name: a,', 'name: b,')}`,
    );
    const [rule, ...others] = rulesAt(edge, 'www.example.com');
    expect(rule?.name).toContain('shop/a');
    expect(others).toEqual([]);
    expect(problems).toEqual([
      {
        ...{ ingress: 'shop/b', reason: 'HostPathTaken' },
        message: 'www.example.com/ is not served for this Ingress: Ingress shop/a has it, which is older',
      },
    ]);
  });

  it('has its exact paths asked first, then regular expressions, then the longest prefix', () => {
    const { edge } = convert(`
metadata: {name: a}
spec:
  rules:
  - host: x.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}
      - {path: /a/b/, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}
      - {path: /a, pathType: Exact, backend: {service: {name: a, port: {number: 80}}}}
---
metadata: {name: b, annotations: {nginx.ingress.kubernetes.io/use-regex: "true"}}
spec:
  rules:
  - host: x.example.com
    http: {paths: [{path: '/a/[0-9]+', pathType: ImplementationSpecific, backend: {service: {name: b, port: {number: 80}}}}]}
`);
    expect(rulesAt(edge, 'x.example.com').map(({ match }) => match.path)).toEqual([
      { exact: '/a' },
      { regex: '(?is)(?:/a/[0-9]+).*' },
      { prefix: '/a/b' },
      { prefix: '/' },
    ]);
  });

  it('rewrites with groups, as nginx does', () => {
    const { edge } = convert(`
metadata: {name: a, annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}}
spec:
  rules:
  - host: x.example.com
    http: {paths: [{path: /shop(/|$)(.*), pathType: ImplementationSpecific, backend: {service: {name: a, port: {number: 80}}}}]}
`);
    const regex = '(?is)(?:/shop(/|$)(.*)).*';
    expect(rulesAt(edge, 'x.example.com')[0]).toMatchObject({
      match: { path: { regex } },
      rewrite: { path: { regex, replacement: '/$2' } },
    });
  });

  it('without rules takes what no other host claims', () => {
    const { edge } = convert(
      '{metadata: {name: d}, spec: {defaultBackend: {service: {name: b, port: {number: 80}}}}}',
    );
    expect(rulesAt(edge, '*').map(({ name }) => name)).toEqual(['Ingress shop/d: */']);
  });

  it('is served under its aliases, and the bare name leads to www', () => {
    const annotated = MAIN.replace(
      '{name: a}',
      '{name: a, annotations: {nginx.ingress.kubernetes.io/server-alias: shop.example.com, nginx.ingress.kubernetes.io/from-to-www-redirect: "true"}}',
    );
    const { edge } = convert(annotated);
    expect(rulesAt(edge, 'shop.example.com')).toHaveLength(1);
    expect(rulesAt(edge, 'example.com')[0]?.action).toEqual({
      kind: 'redirect',
      status: 308,
      host: 'www.example.com',
    });
  });
});

describe('TLS of an Ingress', () => {
  const secured = MAIN.replace('spec:', 'spec:\n  tls: [{hosts: [www.example.com], secretName: www}]');

  it('has a listener for its host, and plain text leads there', () => {
    const { edge, problems } = convert(secured, { secrets: { 'shop/www': TLS } });
    expect(problems).toEqual([]);
    expect(edge.listeners.map(({ port, protocol, host }) => ({ port, protocol, host }))).toEqual([
      { port: 8080, protocol: 'http', host: '*' },
      { port: 8443, protocol: 'https', host: 'www.example.com' },
    ]);
    expect(edge.certificates).toEqual({ 'shop/www': { certificate: 'CERT', key: 'KEY' } });
    expect(rulesAt(edge, 'www.example.com')[0]?.action).toEqual({
      kind: 'redirect',
      status: 308,
      scheme: 'https',
    });
    expect(rulesAt(edge, 'www.example.com', 'https')[0]?.action.kind).toBe('forward');
  });

  it.each([
    ['that is missing', undefined, 'there is no Secret shop/www of type kubernetes.io/tls'],
    [
      'that is broken',
      { kind: 'invalid', problem: 'tls.crt is no certificate in PEM' } as const,
      'tls.crt is no certificate in PEM',
    ],
  ])('with a certificate %s serves nothing there, and says why', (_, material, why) => {
    const secrets = material === undefined ? {} : { 'shop/www': material };
    const { edge, problems } = convert(secured, { secrets });
    const [, listener] = edge.listeners;
    expect(listener).toMatchObject({ protocol: 'https', certificates: [], hosts: [] });
    expect(problems).toEqual([
      { ingress: 'shop/a', reason: 'CertificateMissing', message: expect.stringContaining(why) as string },
    ]);
  });
});

describe('canaries', () => {
  it('stand at the place of their main Ingress in the order that they say, and colour by the lane of their Service', () => {
    const { edge, problems } = convert(
      MAIN +
        canary('gray', 'nginx.ingress.kubernetes.io/canary-weight: "5"') +
        canary(
          'blue',
          'nginx.ingress.kubernetes.io/canary-by-header: x-lane, alb.ingress.kubernetes.io/order: "1"',
          'a-blue',
        ),
    );
    expect(problems).toEqual([]);
    expect(rulesAt(edge, 'www.example.com')[0]?.canaries).toEqual([
      {
        name: 'Ingress shop/blue',
        header: { name: 'x-lane' },
        backend: { service: { name: 'a-blue', namespace: 'shop' }, port: 80, weight: 1, lane: 'blue' },
      },
      {
        ...{ name: 'Ingress shop/gray', weight: 5, weightTotal: 100 },
        backend: { service: { name: 'a-gray', namespace: 'shop' }, port: 80, weight: 1, lane: 'gray' },
      },
    ]);
  });

  it('without a main Ingress take no request, and say so', () => {
    const { edge, problems } = convert(
      canary('gray', 'nginx.ingress.kubernetes.io/canary-weight: "5"').replace('---', ''),
    );
    expect(rulesAt(edge, 'www.example.com')).toEqual([]);
    expect(problems).toEqual([
      expect.objectContaining({ ingress: 'shop/gray', reason: 'CanaryWithoutMain' }),
    ]);
  });
});

it('the order in which Ingresses come does not matter', () => {
  const documents = [
    MAIN.replace('{name: a}', '{name: a, creationTimestamp: "2026-01-01T00:00:00Z"}'),
    MAIN.replace('{name: a}', '{name: z, creationTimestamp: "2025-01-01T00:00:00Z"}'),
    canary('gray', 'nginx.ingress.kubernetes.io/canary-weight: "5"')
      .replace('---', '')
      .replace('name: gray', 'name: gray\n  creationTimestamp: "2026-01-03T00:00:00Z"'),
  ];
  const expected = convert(documents.join('---'));
  fc.assert(
    fc.property(fc.shuffledSubarray(documents, { minLength: documents.length }), (shuffled) => {
      expect(convert(shuffled.join('---'))).toEqual(expected);
    }),
  );
});
