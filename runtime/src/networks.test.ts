import { BlockList, isIP, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileNetworks, isNetwork } from './networks.ts';

describe('compileNetworks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.1.2.0/25', '10.1.2.128', false],
    ['0.0.0.0/0', '192.0.2.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::/0', 'fe80::1%eth0', true],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['10.0.0.0/33', '10.0.0.0', false],
    ['10.0.0.0/x', '10.0.0.0', false],
    ['nonsense', 'nonsense', false],
    ['0.0.0.0/0', '', false],
    ['::/0', '10.0.0.1', false],
    ['192.0.2.7', '::ffff:c000:207', true],
    ['10.1.2.3/8', '10.255.0.1', true],
    ['128.0.0.0/1', '255.0.0.1', true],
    ['128.0.0.0/1', '127.255.255.255', false],
    ['2001:db8::/32', '2001:DB8:ffff::', true],
    ['fe80::1', 'fe80::2', false],
  ])('%s has %s: %s', (network, address, isIn) => {
    expect(compileNetworks([network])(address)).toBe(isIn);
  });

  it('agrees with the block list of Node for every network and address', () => {
    const addresses = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(addresses, addresses, fc.nat({ max: 128 }), (base, address, wanted) => {
        const family = isIPv4(base) ? 'ipv4' : 'ipv6';
        const prefix = Math.min(wanted, family === 'ipv4' ? 32 : 128);
        const list = new BlockList();
        list.addSubnet(base, prefix, family);
        const expected = list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
        // Node has IPv4 addresses in IPv6 networks that cover the mapped ones; here the two are apart.
        fc.pre(isIPv4(base) === isIPv4(address));
        expect(compileNetworks([`${base}/${prefix}`])(address)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('isNetwork', () => {
  it('reads the addresses that Node reads', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'0123459af:.%'.split('')), maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(noise, fc.ipV4(), fc.ipV6()), (text) => {
        expect(isNetwork(text)).toBe(isIP(text) !== 0 && !text.includes('%'));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ...['10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', '010.0.0.1', '256.0.0.1', ' 10.0.0.1'],
    ...['2001:db8::1::', ':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::12345', '1.2.3.4::', '[::1]'],
    ...['1:2:3:4:5:6:7:1.2.3.4', 'fe80::1%eth0', '::ffff:10.0.0.0/90', '10.0.0.0/'],
  ])('refuses %j', (text) => {
    expect(isNetwork(text)).toBe(false);
  });

  it('knows what will never match', () => {
    expect(['10.0.0.0/8', '::1', '::/0'].map(isNetwork)).toEqual([true, true, true]);
    expect(['10.0.0.0/', '10.0.0/8', '::/129', 'all', ''].map(isNetwork)).toEqual(Array(5).fill(false));
  });
});
