import { expect, test } from 'vitest';
import { Certificates } from './certificates.ts';
import { testCertificate } from './testing/test-certificate.ts';

const certificates = new Certificates({ handshakeTimeoutMs: 1_000 });
certificates.update({
  'shop/a': testCertificate('a.example.com', '*.b.example.com'),
  'shop/org': testCertificate('*.org'),
  'shop/all': testCertificate('*'),
});

function isFor(id: string, name: string): boolean {
  return certificates.choose([id], name) !== undefined;
}

test.each([
  ['shop/a', 'a.example.com', true],
  ['shop/a', 'x.b.example.com', true],
  ['shop/a', 'b.example.com', false],
  ['shop/a', 'x.y.b.example.com', false],
  ['shop/a', 'x.a.example.com', false],
  ['shop/a', 'other.test', false],
  ['shop/org', 'example.org', true],
  ['shop/org', 'www.example.org', false],
  ['shop/org', 'org', false],
  ['shop/all', 'anything.test', true],
])('whether %s is for %s: %s', (id, name, expected) => {
  expect(isFor(id, name)).toBe(expected);
});

test('the first that is for a name is chosen, and without a name the first that there is', () => {
  const ids = ['shop/gone', 'shop/org', 'shop/all'];
  expect(certificates.choose(ids, 'example.org')).toBe(certificates.choose(['shop/org'], 'example.org'));
  expect(certificates.choose(ids, 'example.com')).toBe(certificates.choose(['shop/all'], 'example.com'));
  expect(certificates.choose(ids, undefined)).toBe(certificates.choose(['shop/org'], undefined));
  expect(certificates.choose(['shop/gone'], 'example.org')).toBeUndefined();
});
