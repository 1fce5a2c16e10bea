import type { InstanceList, NacosInstance } from '@lanekeeper/nacos/instance';
import { describe, expect, it } from 'vitest';
import { convertInstances, type InstanceRules } from './convert-instances.ts';
import { instance, listOf, RULES } from './instances.fixture.ts';
import { ValuePool } from './value-pool.ts';

function convert(list: InstanceList, rules: Partial<InstanceRules> = {}) {
  return convertInstances(list, { ...RULES, ...rules }, new ValuePool());
}

/** `address lane weight state`. */
function summary(...instances: readonly NacosInstance[]): readonly string[] {
  return convert(listOf(...instances)).endpoints.map(
    ({ address, lane = 'base', weight, healthy, dropReason = 'unhealthy' }) =>
      [address, lane, weight, healthy ? 'ok' : dropReason].join(' '),
  );
}

const messages = (list: InstanceList, rules?: Partial<InstanceRules>) =>
  convert(list, rules).findings.map(({ code, message }) => `${code}: ${message}`);

describe('the lane of an instance', () => {
  const laneOf = (metadata: Readonly<Record<string, string>>, rules?: Partial<InstanceRules>) =>
    convert(listOf(instance('10.0.0.1', { metadata })), rules).endpoints[0]?.lane;

  it('is what the first key that has a value says', () => {
    expect(laneOf({ 'alicloud.service.tag': 'gray' })).toBe('gray');
    expect(laneOf({ 'traffic.opensergo.io/label': 'blue', 'alicloud.service.tag': 'gray' })).toBe('blue');
    expect(
      laneOf({ 'lanekeeper.io/lane': '', __micro_service_env__: 'x', '__micro.service.env__': 'dev1' }),
    ).toBe('dev1');
    expect(laneOf({ version: 'v2' })).toBeUndefined();
    expect(laneOf({ version: 'v2' }, { laneKeys: ['version'] })).toBe('v2');
  });

  it('is none where the first key says base, whatever others say', () => {
    expect(laneOf({ 'lanekeeper.io/lane': 'base', 'alicloud.service.tag': 'gray' })).toBeUndefined();
  });

  it('is what the agents of MSE write', () => {
    const env = (...tags: readonly object[]) => ({ '__micro.service.env__': JSON.stringify(tags) });
    expect(laneOf(env({ desc: 'k8s-pod-label', priority: 100, tag: 'gray', type: 'tag' }))).toBe('gray');
    expect(laneOf(env({ priority: 1, tag: 'blue' }, { priority: 100, tag: 'gray' }, { tag: 'red' }))).toBe(
      'gray',
    );
    expect(laneOf(env({ tag: 'base' }))).toBeUndefined();
    expect(laneOf({ ...env(), 'opensergo.io/canary-gray': 'gray' })).toBe('gray');
    expect(laneOf({ 'opensergo.io/canary': '' })).toBeUndefined();
    expect(summary(instance('10.0.0.1', { metadata: { 'opensergo.io/canary': '' } }))).toEqual([
      '10.0.0.1 base 100 ok',
    ]);
    for (const value of ['[', '[1]', '[{"tag": 1}]', '[{}]', `[${' '.repeat(5_000)}]`]) {
      const metadata = { '__micro.service.env__': value };
      expect(summary(instance('10.0.0.1', { metadata }))).toEqual(['10.0.0.1 base 100 invalid-lane']);
    }
  });

  it('is not read from what every object has', () => {
    expect(laneOf({}, { laneKeys: ['constructor', 'toString'] })).toBeUndefined();
  });

  it('takes an instance out of use where it is no lane name, and says so', () => {
    expect(summary(instance('10.0.0.1', { lane: 'Gray_1' }))).toEqual(['10.0.0.1 base 100 invalid-lane']);
    expect(messages(listOf(instance('10.0.0.1', { lane: 'Gray_1' })))).toEqual([
      'invalid-lane: 10.0.0.1:8080: lanekeeper.io/lane is "Gray_1", which is no lane name; it gets no requests',
    ]);
    const [long = ''] = messages(listOf(instance('10.0.0.1', { lane: 'x'.repeat(100_000) })));
    expect(long.length).toBeLessThan(300);
  });
});

describe('the weight of an instance', () => {
  const weights = (...given: readonly number[]) =>
    convert(
      listOf(...given.map((weight, index) => instance(`10.0.0.${index + 1}`, { weight }))),
    ).endpoints.map(({ weight }) => weight);

  it('is a share of 100, and something where it is something', () => {
    expect(weights(1, 0.5, 10, 0, 0.0001)).toEqual([100, 50, 1000, 0, 1]);
  });

  it('keeps its relation to the others where one is too large for the scale', () => {
    expect(weights(100, 200, 400)).toEqual([2500, 5000, 10_000]);
    expect(weights(1e9, 5000)).toEqual([10_000, 5000]);
    expect(weights(Number.POSITIVE_INFINITY, 1)).toEqual([10_000, 1]);
  });

  it('takes it out of use where it is no weight', () => {
    const list = [Number.NaN, -1].map((weight, index) => instance(`10.0.0.${index + 1}`, { weight }));
    expect(summary(...list)).toEqual(['10.0.0.1 base 0 invalid-weight', '10.0.0.2 base 0 invalid-weight']);
    expect(messages(listOf(...list))[1]).toBe(
      'invalid-weight: 10.0.0.2:8080: its weight -1 is no number of 0 or more; it gets no requests',
    );
  });
});

describe('whether an instance is a candidate', () => {
  it('is what Nacos says of health and of being enabled', () => {
    expect(
      summary(
        instance('10.0.0.1'),
        instance('10.0.0.2', { healthy: false }),
        instance('10.0.0.3', { enabled: false }),
        instance('10.0.0.4', { enabled: false, healthy: false, ephemeral: false }),
        instance('10.0.0.5', { weight: 0, ephemeral: false }),
      ),
    ).toEqual([
      '10.0.0.1 base 100 ok',
      '10.0.0.2 base 100 unhealthy',
      '10.0.0.3 base 100 disabled',
      '10.0.0.4 base 100 disabled',
      '10.0.0.5 base 0 ok',
    ]);
  });

  it('under protection is all but what is switched off or wrong', () => {
    const instances = [
      ...[instance('10.0.0.1', { healthy: false }), instance('10.0.0.2', { enabled: false })],
      instance('10.0.0.3', { healthy: false, lane: 'Gray_1' }),
    ];
    const list: InstanceList = { instances, isProtected: true };
    expect(convert(list).endpoints.map(({ healthy }) => healthy)).toEqual([true, false, false]);
    expect(messages(list)[0]).toMatch(
      /^protected: fewer instances are healthy than its protection threshold/,
    );
  });

  it('is nothing where its cluster is not asked for', () => {
    const list = listOf(instance('10.0.0.1', { cluster: 'HZ' }), instance('10.0.0.2', { cluster: 'BJ' }));
    expect(convert(list, { clusters: ['HZ'] }).endpoints.map(({ address }) => address)).toEqual(['10.0.0.1']);
  });
});

describe('the zone of an instance', () => {
  it('is in its metadata, else its cluster, which Nacos’ own clients prefer', () => {
    const zones = convert(
      listOf(
        instance('10.0.0.1', { metadata: { zone: 'z1' }, cluster: 'HZ' }),
        instance('10.0.0.2', { cluster: 'HZ' }),
        instance('10.0.0.3'),
        instance('10.0.0.4', { metadata: { zone: 'z'.repeat(300) } }),
      ),
    ).endpoints.map(({ zone }) => zone);
    expect(zones).toEqual(['z1', 'HZ', undefined, undefined]);
  });
});

describe('the address of an instance', () => {
  const addressOf = (ip: string) => convert(listOf(instance('', { ip }))).endpoints[0]?.address;

  it('has one spelling', () => {
    expect(addressOf('2001:DB8:0:0::1')).toBe('2001:db8::1');
    expect(addressOf('[2001:db8::1]')).toBe('2001:db8::1');
    expect(addressOf('2001:db8::1%eth0')).toBe('2001:db8::1');
    expect(addressOf('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(addressOf('Orders-1.Example.COM')).toBe('orders-1.example.com');
  });

  it('is one that others can connect to, else it is left out and reported', () => {
    for (const ip of ['', 'a b', '10.0.0.256', '0.0.0.0', '::', 'fe80::1%eth0', '订单', 'h%eth0']) {
      expect(addressOf(ip), ip).toBeUndefined();
      expect(messages(listOf(instance('', { ip })))[0]).toMatch(/^bad-address: /);
    }
    for (const port of [0, 65_536, -1, 1.5, Number.NaN]) {
      const list = listOf(instance('10.0.0.1', { port }));
      expect(convert(list).endpoints).toEqual([]);
      expect(messages(list)).toEqual([`bad-port: 10.0.0.1 has the port ${port}; expected 1 to 65535`]);
    }
  });
});

describe('an instance that is registered twice', () => {
  const twice = (a: Partial<Parameters<typeof instance>[1]>, b: Partial<Parameters<typeof instance>[1]>) => {
    const [one, two] = [instance('10.0.0.1', a), instance('10.0.0.1', b)];
    expect(summary(one, two)).toEqual(summary(two, one));
    return { endpoints: summary(one, two), said: messages(listOf(one, two))[0] };
  };

  it('is one endpoint, of a lane if either says so', () => {
    const { endpoints, said } = twice({ cluster: 'A' }, { lane: 'gray', healthy: false, ephemeral: false });
    expect(endpoints).toEqual(['10.0.0.1 gray 100 unhealthy']);
    expect(said).toBe(
      'duplicate: 10.0.0.1:8080 is registered twice, ephemeral in cluster "A" and persistent in cluster "DEFAULT"; persistent in cluster "DEFAULT" counts: it names a lane',
    );
    expect(twice({ lane: 'Gray_1' }, {}).endpoints).toEqual(['10.0.0.1 base 100 invalid-lane']);
    expect(twice({ lane: 'Gray_1' }, { lane: 'gray' }).endpoints).toEqual(['10.0.0.1 gray 100 ok']);
  });

  it('is the usable one of two, then the ephemeral, then the heavier, then always the same', () => {
    expect(twice({ enabled: false }, { ephemeral: false, weight: 2 }).endpoints).toEqual([
      '10.0.0.1 base 200 ok',
    ]);
    expect(twice({ weight: 3 }, { ephemeral: false, weight: 2 }).endpoints).toEqual(['10.0.0.1 base 300 ok']);
    expect(twice({ weight: 3 }, { weight: 2 }).endpoints).toEqual(['10.0.0.1 base 300 ok']);
    expect(twice({ lane: 'b' }, { lane: 'a' }).endpoints).toEqual(['10.0.0.1 a 100 ok']);
  });

  it('is two where the ports differ', () => {
    expect(summary(instance('10.0.0.1:8080'), instance('10.0.0.1:8081'))).toHaveLength(2);
  });
});

it('reads lane and zone of huge metadata, keeps nothing else, and reports it', () => {
  const metadata = { blob: 'x'.repeat(1_000_000), 'lanekeeper.io/lane': 'gray' };
  const { endpoints, findings } = convert(listOf(instance('10.0.0.1', { metadata })));
  expect(endpoints[0]?.lane).toBe('gray');
  expect(JSON.stringify({ endpoints, findings }).length).toBeLessThan(1_000);
  expect(findings.map(({ code }) => code)).toEqual(['huge-metadata']);
});
