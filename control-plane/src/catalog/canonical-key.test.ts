import { describe, expect, it } from 'vitest';
import { canonicalKeys, hostKey, ipKey, serviceKey } from './canonical-key.ts';

const scope = { namespace: 'shop', clusterDomain: 'corp.example' };

describe('canonical keys', () => {
  it('are the same for every way to write a service', () => {
    const ways = ['b.shop', 'B.Shop.', 'b.shop.svc', 'b.shop.svc.', 'b.shop.svc.corp.example'];
    for (const way of ways) expect(canonicalKeys(`host:${way}`, scope)).toEqual(['host:b.shop']);
    expect(canonicalKeys('host:b.shop.svc.cluster.local', scope)).toEqual(['host:b.shop']);
    expect(serviceKey({ name: 'b', namespace: 'shop' })).toBe('host:b.shop');
  });

  it('of a bare name mean the own namespace, and a host of that name', () => {
    expect(canonicalKeys('host:b', scope)).toEqual(['host:b.shop', 'host:b']);
    expect(canonicalKeys('host:b', { ...scope, namespace: 'other' })).toEqual(['host:b.other', 'host:b']);
    expect(hostKey('B', scope.clusterDomain)).toBe('host:b');
  });

  it('leave foreign hosts as they are', () => {
    expect(canonicalKeys('host:api.example.com', scope)).toEqual(['host:api.example.com']);
    expect(canonicalKeys('host:web-0.b.shop.svc.corp.example', scope)).toEqual(['host:web-0.b.shop']);
    expect(canonicalKeys('host:b.svc', scope)).toEqual(['host:b.svc']);
  });

  it('have one spelling for an address', () => {
    expect(canonicalKeys('ip:10.0.0.1', scope)).toEqual(['ip:10.0.0.1']);
    expect(canonicalKeys('ip:::ffff:10.0.0.1', scope)).toEqual(['ip:10.0.0.1']);
    expect(canonicalKeys('host:10.0.0.1', scope)).toEqual(['ip:10.0.0.1']);
    expect(ipKey('2001:DB8:0:0::1')).toBe('ip:2001:db8::1');
  });

  it('exist for whatever is written', () => {
    expect(canonicalKeys('host:', scope)).toEqual(['host:.shop', 'host:']);
    expect(canonicalKeys('ip:', scope)).toEqual(['ip:']);
    expect(canonicalKeys('ip:no address', scope)).toEqual(['ip:no address']);
  });
});
