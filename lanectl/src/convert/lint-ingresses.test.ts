import { expect, it } from 'vitest';
import { lintIngresses } from './lint-ingresses.ts';

function canary(name: string, annotations: Readonly<Record<string, string>> = {}): object {
  const backend = { service: { name, port: { number: 80 } } };
  return {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
    metadata: {
      ...{ name, namespace: 'shop' },
      annotations: { 'nginx.ingress.kubernetes.io/canary': 'true', ...annotations },
    },
    spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  };
}

it('says which annotations have no effect', () => {
  const ingress = canary('a', { 'nginx.ingress.kubernetes.io/frobnicate': 'x' });
  expect(lintIngresses([ingress])).toEqual([
    expect.objectContaining({
      code: 'LK0117',
      object: 'Ingress shop/a',
      path: 'metadata.annotations[nginx.ingress.kubernetes.io/frobnicate]',
    }),
  ]);
});

it('says that ingress-nginx takes one canary for a place', () => {
  expect(lintIngresses([{ kind: 'List', items: [canary('a'), canary('b')] }])).toEqual([
    expect.objectContaining({ code: 'LK0116', object: 'Ingress shop/b' }),
  ]);
  expect(lintIngresses([canary('a')])).toEqual([]);
});

it('leaves out what is meant so', () => {
  const ignore = { 'lanekeeper.io/ignore': 'LK0116, LK0117' };
  const meant = canary('a', { ...ignore, 'nginx.ingress.kubernetes.io/frobnicate': 'x' });
  expect(lintIngresses([meant, canary('b')])).toEqual([]);
});
