import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAddress, isLoopback, parseAddress } from './socket-address.ts';

test('reads back every address that it writes', () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(host, fc.integer({ min: 0, max: 65_535 }), (address, port) => {
      const parsed = parseAddress(formatAddress({ address, port }));
      expect(parsed?.port).toBe(port);
      expect(parsed && parseAddress(formatAddress(parsed))).toEqual(parsed);
    }),
  );
});

test('gives one spelling to one address', () => {
  expect(parseAddress('[0:0:0:0:0:0:0:1]:80')).toEqual({ address: '::1', port: 80 });
  expect(parseAddress('DB.Example.com:5432')).toEqual({ address: 'db.example.com', port: 5432 });
});

test.each([
  '',
  '80',
  ':80',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:65536',
  '127.0.0.1:080',
  '::1:80',
  '[::1]',
  '[x]:80',
])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined());

test.each([
  '256.0.0.1:80',
  '1.2.3:80',
  'a..b:80',
  '-a:80',
  'http://a:80',
  'a b:80',
  '127.0.0.1:80 ',
  '[127.0.0.1]:80',
])('refuses the host of %j', (text) => expect(parseAddress(text)).toBeUndefined());

test('knows which addresses only this machine reaches', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.example.com'].some(isLoopback)).toBe(false);
});
