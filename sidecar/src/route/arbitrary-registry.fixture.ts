import fc from 'fast-check';
import type { DropReason } from '@lanekeeper/protocol/reasons';
import type { EndpointConfig, LaneConfig, MeshConfig, ServiceConfig } from '@lanekeeper/protocol/model';
import { group, lane, mesh } from './mesh.fixture.ts';

/**
 * Generated meshes as registries make them: a few processes, each registered under several names, by sources that need not agree on
 * its lane, its health or its ports.
 */

export const REGISTRY_LANES = ['gray', 'green', 'blue'] as const;
/** As Spring Cloud, a group of Nacos, Dubbo and people call services. */
export const REGISTRY_NAMES = ['order', 'ORDERS@@order', 'providers:com.x.Order:1.0:', '订单'] as const;
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1', 'order-1.internal'] as const;
const INSTANCE_PORTS = [8080, 20_880] as const;
/** A Nacos service, a Service of Kubernetes, and both at once. */
const PORT_SETS = [[80], [8080], [80, 8080]] as const;
const REASONS = ['disabled', 'invalid-lane', 'invalid-weight', 'draining'] as const satisfies DropReason[];

export interface Instance {
  readonly address: string;
  readonly port: number;
}

export const instances: fc.Arbitrary<Instance> = fc.record({
  address: fc.constantFrom(...ADDRESSES),
  port: fc.constantFrom(...INSTANCE_PORTS),
});

const registrations = fc.record({
  instance: instances,
  lane: fc.option(fc.constantFrom(...REGISTRY_LANES), { nil: undefined, freq: 1 }),
  health: fc.constantFrom<DropReason | 'healthy'>('healthy', 'healthy', 'healthy', 'unhealthy', ...REASONS),
  weight: fc.constantFrom(0, 1, 100),
});

const services: fc.Arbitrary<readonly ServiceConfig[]> = fc
  .tuple(
    ...REGISTRY_NAMES.map((name) =>
      fc.record({
        name: fc.constant(name),
        ports: fc.constantFrom(...PORT_SETS),
        found: fc.uniqueArray(registrations, {
          maxLength: 6,
          selector: ({ instance }) => `${instance.address} ${instance.port}`,
        }),
      }),
    ),
  )
  .map((all) =>
    all.map(({ name, ports, found }) => ({
      name,
      namespace: 'default',
      hosts: [],
      addresses: [],
      ports: ports.map((port) => ({ port, protocol: 'auto' as const })),
      endpoints: found.map(({ instance, health, weight, ...rest }): EndpointConfig => {
        const { address, port } = instance;
        return {
          address,
          ports: Object.fromEntries(ports.map((servicePort) => [servicePort, port])),
          weight,
          healthy: health === 'healthy',
          source: 'nacos',
          ...(health === 'healthy' ? {} : { dropReason: health }),
          ...(rest.lane === undefined ? {} : { lane: rest.lane }),
        };
      }),
    })),
  );

const laneConfigs: fc.Arbitrary<readonly LaneConfig[]> = fc
  .tuple(
    fc.constantFrom('', 'demo'),
    ...REGISTRY_LANES.map(() => fc.constantFrom([], ['base'], ['blue', 'base'])),
  )
  .map(([inGroup, ...chains]) =>
    REGISTRY_LANES.map((name, at) =>
      lane(name, { group: inGroup, fallback: (chains[at] ?? []).filter((one) => one !== name) }),
    ),
  );

export const registries: fc.Arbitrary<MeshConfig> = fc
  .record({
    services,
    lanes: laneConfigs,
    members: fc.subarray([...REGISTRY_NAMES]),
  })
  .map(({ members, ...parts }) => mesh({ ...parts, groups: [group(members)] }));

/** Every lane that somebody names for what listens there. */
export function lanesNamedFor({ address, port }: Instance, config: MeshConfig): ReadonlySet<string> {
  const found = config.services.flatMap(({ endpoints }) =>
    endpoints.filter((one) => one.address === address && Object.values(one.ports).includes(port)),
  );
  return new Set(found.flatMap(({ lane: named }) => named ?? []));
}
