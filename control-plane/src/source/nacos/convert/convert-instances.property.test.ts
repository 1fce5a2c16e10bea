import { decodeUpdate } from '@lanekeeper/mesh-file/decode-update';
import type { InstanceList, NacosInstance } from '@lanekeeper/nacos/instance';
import { isLaneName } from '@lanekeeper/protocol/lane-name';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalizeService } from '../../../catalog/normalize-service.ts';
import { convertInstances } from './convert-instances.ts';
import { firstValue } from './instance-lane.ts';
import { RULES } from './instances.fixture.ts';
import { ValuePool } from './value-pool.ts';

const INSTANCE: fc.Arbitrary<NacosInstance> = fc.record({
  ip: fc.oneof(
    fc.constantFrom('10.0.0.1', '10.0.0.2', '::ffff:10.0.0.1', 'FD00::1', '[fd00::1]', 'host-1'),
    fc.ipV4(),
    fc.ipV6(),
    fc.string(),
  ),
  port: fc.oneof(fc.constantFrom(8080, 8081), fc.integer(), fc.double()),
  weight: fc.oneof(fc.constantFrom(1, 0, -1, 100, 1e5), fc.double()),
  ...{ enabled: fc.boolean(), healthy: fc.boolean(), ephemeral: fc.boolean() },
  cluster: fc.oneof(fc.constantFrom('DEFAULT', 'HZ', ''), fc.string()),
  metadata: fc.dictionary(
    fc.oneof(fc.constantFrom(...RULES.laneKeys, ...RULES.zoneKeys, '__proto__'), fc.string()),
    fc.oneof(fc.constantFrom('gray', 'base', 'blue', ''), fc.string()),
  ),
});
const LIST: fc.Arbitrary<InstanceList> = fc.record({
  instances: fc.array(INSTANCE, { maxLength: 12 }),
  isProtected: fc.boolean(),
});

function serviceOf(list: InstanceList) {
  const { endpoints } = convertInstances(list, RULES, new ValuePool());
  return normalizeService({
    ...{ name: 'b', namespace: 'shop', hosts: [], addresses: [], endpoints },
    ports: [{ port: 80, protocol: 'auto' }],
  });
}

it('makes of whatever is registered something that a sidecar accepts', () => {
  fc.assert(
    fc.property(LIST, (list) => {
      const value = serviceOf(list);
      const update = { nonce: '1', services: [{ id: 'shop/b', version: '1', value }] };
      const decoded = decodeUpdate(JSON.parse(JSON.stringify(update)));
      expect('problems' in decoded ? decoded.problems : []).toEqual([]);
    }),
  );
});

it('makes the same of the same instances in any order, one endpoint for each place', () => {
  fc.assert(
    fc.property(
      LIST.chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray([...list.instances], { minLength: list.instances.length }),
        ),
      ),
      ([list, shuffled]) => {
        const service = serviceOf(list);
        expect(serviceOf({ ...list, instances: shuffled })).toEqual(service);
        const places = service.endpoints.map(({ address, ports }) => `${address} ${ports['80']}`);
        expect(new Set(places).size).toBe(places.length);
      },
    ),
  );
});

it('never makes a candidate of the baseline out of an instance that names a lane, however badly', () => {
  fc.assert(
    fc.property(LIST, (list) => {
      const named = list.instances.filter(({ metadata }) => {
        const value = firstValue(metadata, RULES.laneKeys);
        return value !== undefined && value !== 'base' && !value.startsWith('[');
      });
      for (const instance of named) {
        for (const { lane, healthy, dropReason } of serviceOf({ ...list, instances: [instance] }).endpoints) {
          if (lane === undefined) expect([healthy, dropReason]).toEqual([false, 'invalid-lane']);
          else expect(isLaneName(lane)).toBe(true);
        }
      }
    }),
  );
});
