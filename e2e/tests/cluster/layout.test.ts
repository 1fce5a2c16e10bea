import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { fullName } from '../../cluster/images.ts';
import { layoutOf, SLOTS } from '../../cluster/layout.ts';

/** RFC 5737. */
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'];

function networksOf(slot: (typeof SLOTS)[number]): string[] {
  const { podCidr, serviceCidr, nodeAddress } = layoutOf('any', slot);
  // The cable's network begins two below the node: /30.
  const parts = nodeAddress.split('.').map(Number);
  return [podCidr, serviceCidr, `${parts.slice(0, 3).join('.')}.${(parts[3] ?? 0) - 2}/30`];
}

function addressesOf(cidr: string): string[] {
  const [base = '', bits = ''] = cidr.split('/');
  const parts = base.split('.').map(Number);
  return Array.from({ length: 2 ** (32 - Number(bits)) }, (_, at) =>
    [...parts.slice(0, 3), (parts[3] ?? 0) + at].join('.'),
  );
}

describe('the addresses of clusters', () => {
  it('are documentation addresses, each of one network of one cluster', () => {
    const documentation = new BlockList();
    for (const cidr of DOCUMENTATION) {
      const [base = '', bits] = cidr.split('/');
      documentation.addSubnet(base, Number(bits));
    }
    const all = SLOTS.flatMap(networksOf).flatMap(addressesOf);
    expect(all.filter((address) => !documentation.check(address))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('give the API server and DNS an address among the Services', () => {
    for (const slot of SLOTS) {
      const { serviceCidr, apiServiceAddress, dnsAddress } = layoutOf('any', slot);
      const services = addressesOf(serviceCidr);
      expect(services[1]).toBe(apiServiceAddress);
      expect(services).toContain(dnsAddress);
    }
  });

  it('leave an address for each pod that the kubelet takes', () => {
    for (const slot of SLOTS) {
      const { podCidr, maxPods } = layoutOf('any', slot);
      // Without the network, the gateway and the broadcast address.
      expect(addressesOf(podCidr).length - 3).toBeGreaterThanOrEqual(maxPods);
    }
  });
});

describe('the name of an image', () => {
  it.each([
    ['node:24-bookworm-slim', 'docker.io/library/node:24-bookworm-slim'],
    ['lanekeeper/sidecar:0.1.0', 'docker.io/lanekeeper/sidecar:0.1.0'],
    ['registry.example.com/a/b:1', 'registry.example.com/a/b:1'],
    ['localhost/a:1', 'localhost/a:1'],
    ['host:5000/a:1', 'host:5000/a:1'],
  ])('%s is %s to containerd', (name, full) => {
    expect(fullName(name)).toBe(full);
  });
});
