import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNetwork, networksTest } from './ip-network.ts';

const isIn = (address: string, ...networks: readonly string[]): boolean => networksTest(networks)(address);

describe('networksTest', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['192.0.2.0/24', ['192.0.2.0', '192.0.2.255', '::ffff:192.0.2.7'], ['192.0.3.0', '::192.0.2.7', '']],
    ['10.1.2.3/8', ['10.255.0.1'], ['11.0.0.1', '9.255.255.255']],
    ['192.0.2.7', ['192.0.2.7', '::ffff:c000:207'], ['192.0.2.6', '192.0.2.8']],
    [
      '0.0.0.0/0',
      ['1.2.3.4', '255.255.255.255', '::ffff:1.2.3.4'],
      ['2001:db8::1', '::1', 'nobody', '1.2.3'],
    ],
    ['::/0', ['::', '2001:db8::1', '1.2.3.4'], ['x']],
    ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff::', '2001:db8::1%eth0'], ['2001:db9::1', '10.0.0.1']],
    ['2001:db8::/33', ['2001:db8:7fff::1'], ['2001:db8:8000::1']],
    ['fe80::1', ['fe80::1', 'fe80:0:0:0:0:0:0:1', 'fe80::1%en0'], ['fe80::2']],
    ['::ffff:10.0.0.0/104', ['10.9.9.9', '::ffff:10.1.1.1'], ['11.0.0.1']],
    ['128.0.0.0/1', ['255.0.0.1', '128.0.0.0'], ['127.255.255.255']],
  ])('%s', (network, yes, no) => {
    expect(yes.filter((address) => !isIn(address, network))).toEqual([]);
    expect(no.filter((address) => isIn(address, network))).toEqual([]);
  });

  it('takes any of several, and none where there are none', () => {
    expect(isIn('10.0.0.1', '192.0.2.0/24', '10.0.0.0/8')).toBe(true);
    expect(isIn('10.0.0.1')).toBe(false);
  });
});

describe('isNetwork', () => {
  it.each([
    ...[
      '',
      '/',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0/8',
      '010.0.0.1',
    ],
    ...[
      '256.0.0.1',
      '2001:db8::/129',
      '2001:db8::1::',
      ':',
      ':::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '::12345',
    ],
    ...[
      '1.2.3.4:5',
      '::1.2.3',
      '1.2.3.4::',
      '[::1]',
      'fe80::1%eth0',
      'example.com',
      ' 10.0.0.1',
      '1:2:3:4:5:6:7:1.2.3.4',
    ],
  ])('refuses %j', (text) => {
    expect(isNetwork(text)).toBe(false);
  });
});

const ipv6 = fc.ipV6().filter((text) => isIP(text) === 6);
const near = fc
  .tuple(fc.constantFrom('10.0.0.', '10.0.1.', '172.16.'), fc.nat({ max: 255 }), fc.nat({ max: 255 }))
  .map(([start, a, b]) => (start === '172.16.' ? `${start}${a}.${b}` : `${start}${a}`));

it('reads the addresses that Node reads', () => {
  const noise = fc.string({ unit: fc.constantFrom(...'0123459af:.%/'), maxLength: 20 });
  fc.assert(
    fc.property(fc.oneof(noise, ipv6, fc.ipV4(), fc.ipV6()), (text) => {
      expect(isNetwork(text) && !text.includes('/')).toBe(isIP(text) !== 0 && !text.includes('%'));
    }),
    { numRuns: 5_000 },
  );
});

it('agrees with the block list of Node', () => {
  const ipv4 = fc.tuple(fc.oneof(near, fc.ipV4()), fc.oneof(near, fc.ipV4()), fc.nat({ max: 32 }));
  fc.assert(
    fc.property(ipv4, ([network, address, bits]) => {
      const list = new BlockList();
      list.addSubnet(network, bits, 'ipv4');
      expect(isIn(address, `${network}/${bits}`)).toBe(list.check(address, 'ipv4'));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(ipv6, ipv6, fc.integer({ min: 1, max: 128 }), (network, address, bits) => {
      const list = new BlockList();
      list.addSubnet(network, bits, 'ipv6');
      expect(isIn(address, `${network}/${bits}`)).toBe(list.check(address, 'ipv6'));
      expect(isIn(network, `${network}/${bits}`)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
