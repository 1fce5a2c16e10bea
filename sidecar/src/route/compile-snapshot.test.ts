import { describe, expect, it } from 'vitest';
import { compileSnapshot } from './compile-snapshot.ts';
import { DEMO, endpoint, group, lane, mesh, service } from './mesh.fixture.ts';

const OPTIONS = { generation: 'g1', namespace: 'default' };

describe('compileSnapshot', () => {
  it('knows a service by each of its names, by its bare name only in its own namespace', () => {
    const far = service('b', { namespace: 'other', hosts: ['b.example.com'] });
    const { byHost } = compileSnapshot(mesh({ services: [service('a'), far] }), OPTIONS);
    expect([...byHost.keys()].sort()).toEqual([
      'a',
      'a.default',
      'a.default.svc',
      'a.default.svc.cluster.local',
      'b.example.com',
      'b.other',
      'b.other.svc',
      'b.other.svc.cluster.local',
    ]);
  });

  it("does not let a service's extra host take another service's own name", () => {
    const thief = service('a', { namespace: 'aaa', hosts: ['b', 'b.default', 'shared'] });
    const late = service('c', { hosts: ['shared'] });
    const { byHost } = compileSnapshot(mesh({ services: [late, service('b'), thief] }), OPTIONS);
    expect(byHost.get('b')?.id).toBe('default/b');
    expect(byHost.get('b.default')?.id).toBe('default/b');
    expect(byHost.get('shared')?.id).toBe('aaa/a');
  });

  it('lists the owners of an address in one order, whatever the order of the configuration', () => {
    const shared = { endpoints: [endpoint('10.0.0.1')] };
    const services = [service('y', shared), service('x', shared)];
    const { byAddress } = compileSnapshot(mesh({ services }), OPTIONS);
    const owners = byAddress.get('10.0.0.1:8080') ?? [];
    expect(owners.map((owner) => owner.servicePort.service.id)).toEqual(['default/x', 'default/y']);
  });

  it('keeps an endpoint out of use with its reason when it is unhealthy or has no weight', () => {
    const endpoints = [
      endpoint('10.0.0.1', { healthy: false, weight: 0 }),
      endpoint('10.0.0.2', { weight: 0 }),
      endpoint('10.0.0.3'),
    ];
    const { services } = compileSnapshot(mesh({ services: [service('a', { endpoints })] }), OPTIONS);
    const subset = services.get('default/a')?.ports.get(80)?.subsets.get('base');
    expect(subset?.usable.map(({ key }) => key)).toEqual(['10.0.0.3:8080']);
    expect(subset?.unusable).toEqual([
      { endpoint: '10.0.0.1:8080', reason: 'unhealthy' },
      { endpoint: '10.0.0.2:8080', reason: 'zero-weight' },
    ]);
  });

  it('says why an endpoint is out of use in the words of its source', () => {
    const endpoints = [
      endpoint('10.0.0.1', { healthy: false, dropReason: 'not-injected', lane: 'gray' }),
      endpoint('10.0.0.2', { healthy: false, dropReason: 'terminating', lane: 'gray' }),
    ];
    const { services } = compileSnapshot(mesh({ services: [service('a', { endpoints })] }), OPTIONS);
    const subset = services.get('default/a')?.ports.get(80)?.subsets.get('gray');
    expect(subset?.usable).toEqual([]);
    expect(subset?.unusable.map(({ reason }) => reason)).toEqual(['not-injected', 'terminating']);
  });

  it('knows the other addresses of an endpoint as the same endpoint, which counts once', () => {
    const endpoints = [endpoint('10.0.0.1', { aliases: ['fd00::1'] })];
    const { byAddress, services } = compileSnapshot(
      mesh({ services: [service('a', { endpoints })] }),
      OPTIONS,
    );
    const [first] = byAddress.get('10.0.0.1:8080') ?? [];
    expect(first?.endpoint).toBeDefined();
    expect(byAddress.get('[fd00::1]:8080')?.[0]?.endpoint).toBe(first?.endpoint);
    expect(services.get('default/a')?.candidates).toEqual({ base: 1 });
  });

  it('takes an address for the lane endpoint that one source says it is, not for baseline as another does', () => {
    const twice = [endpoint('10.0.0.1', { lane: 'gray' }), endpoint('10.0.0.1')];
    for (const endpoints of [twice, twice.toReversed()]) {
      const { services } = compileSnapshot(mesh({ services: [service('a', { endpoints })] }), OPTIONS);
      const subsets = services.get('default/a')?.ports.get(80)?.subsets;
      expect([...(subsets?.keys() ?? [])]).toEqual(['gray']);
    }
  });

  it('leaves an endpoint out of the ports that it does not serve', () => {
    const ports = [80, 9090].map((port) => ({ port, protocol: 'http' as const }));
    const endpoints = [endpoint('10.0.0.1', { ports: { 80: 8080 } })];
    const { services } = compileSnapshot(mesh({ services: [service('a', { ports, endpoints })] }), OPTIONS);
    expect(services.get('default/a')?.ports.get(9090)?.subsets.size).toBe(0);
  });

  it('knows declared lanes and lanes that only an endpoint carries, and never calls the baseline a lane', () => {
    const endpoints = [endpoint('10.0.0.1', { lane: 'blue' }), endpoint('10.0.0.2')];
    const config = mesh({ services: [service('a', { endpoints })], lanes: [lane('gray'), lane('base')] });
    expect([...compileSnapshot(config, OPTIONS).laneNames].sort()).toEqual(['blue', 'gray']);
  });

  it('shares one policy among the services of a group and gives others the settings', () => {
    const { services, defaultPolicy } = compileSnapshot({ ...DEMO, groups: [group(['a', 'b'])] }, OPTIONS);
    const policyOf = (name: string) => services.get(`default/${name}`)?.policy;
    expect(policyOf('a')).toBe(policyOf('b'));
    expect(policyOf('a')?.group).toBe('demo');
    expect(policyOf('c')).toBe(defaultPolicy);
  });

  it('leaves a service that two groups name to the first of them', () => {
    const groups = [group(['a'], { name: 'first' }), group(['a'], { name: 'second' })];
    const { services } = compileSnapshot({ ...DEMO, groups }, OPTIONS);
    expect(services.get('default/a')?.policy.group).toBe('first');
  });

  it("reads a per-service chain's bare name as the group's members of that name", () => {
    const members = [
      { name: 'c', namespace: 'one' },
      { name: 'c', namespace: 'two' },
    ];
    const config = mesh({
      services: members.map(({ namespace }) => service('c', { namespace })),
      groups: [group([], { services: members })],
      lanes: [lane('gray', { serviceFallback: { c: [], 'two/c': ['base'] } })],
    });
    const { services } = compileSnapshot(config, OPTIONS);
    const chains = services.get('one/c')?.policy.lanes.get('gray')?.serviceFallback;
    expect(Object.fromEntries(chains ?? [])).toEqual({ 'one/c': [], 'two/c': ['base'] });
  });

  it('hands every entry the rules of its groups in the order of their priority', () => {
    const match = [{ paths: [{ prefix: '/x' }] }];
    const lanes = [
      lane('late', { match, entries: ['a'] }),
      lane('other', { match, entries: ['a'], group: 'second', priority: 5 }),
      lane('early', { match, entries: ['a', 'b'], priority: 9 }),
    ];
    const { rulesByEntry, rulesByGroup } = compileSnapshot(mesh({ lanes }), OPTIONS);
    expect(rulesByEntry.get('a')?.all.rules.map((rule) => rule.lane)).toEqual(['early', 'other', 'late']);
    expect(
      rulesByEntry
        .get('a')
        ?.byGroup.get('demo')
        ?.rules.map((rule) => rule.lane),
    ).toEqual(['early', 'late']);
    expect(rulesByEntry.get('b')?.all.rules.map((rule) => rule.lane)).toEqual(['early']);
    expect(rulesByGroup.get('second')?.rules.map((rule) => rule.lane)).toEqual(['other']);
    expect(rulesByEntry.get('z')).toBeUndefined();
  });
});
