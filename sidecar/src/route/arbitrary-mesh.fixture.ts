import fc from 'fast-check';
import type {
  EndpointConfig,
  LaneConfig,
  LaneGroupConfig,
  LaneMode,
  MeshConfig,
  ServiceConfig,
} from '@lanekeeper/protocol/model';
import { ALL_EVIDENCE, mesh, SETTINGS } from './mesh.fixture.ts';

/** Generated meshes for properties: services with endpoints of random lanes, health and weight; groups, chains and modes. */

/** `ghost` is declared or carried by nobody. */
export const LANES = ['gray', 'green', 'blue', 'red'] as const;
export const SERVICES = ['a', 'b', 'c', 'd'] as const;
export const PORTS = [80, 9090] as const;
export type LaneName = (typeof LANES)[number];

const lanes = fc.constantFrom(...LANES);
const modes = fc.constantFrom<LaneMode>('permissive', 'strict');
const chains = fc.array(fc.constantFrom(...LANES, 'base', 'ghost'), { maxLength: 3 });

const endpointParts = fc.record({
  lane: fc.option(lanes, { nil: undefined }),
  healthy: fc.boolean(),
  weight: fc.constantFrom(0, 1, 100),
  onlyFirstPort: fc.boolean(),
});

type EndpointParts = typeof endpointParts extends fc.Arbitrary<infer Parts> ? Parts : never;

/** Addresses follow from the place, so that no two endpoints share one. */
function endpointAt(service: number, place: number, parts: EndpointParts): EndpointConfig {
  const { lane, healthy, weight, onlyFirstPort } = parts;
  return {
    address: `10.0.${service}.${place}`,
    ports: onlyFirstPort ? { 80: 8080 } : { 80: 8080, 9090: 9091 },
    healthy,
    weight,
    source: 'file',
    ...(lane === undefined ? {} : { lane }),
  };
}

const services: fc.Arbitrary<readonly ServiceConfig[]> = fc
  .tuple(...SERVICES.map(() => fc.array(endpointParts, { maxLength: 6 })))
  .map((all) =>
    all.map((parts, index) => ({
      name: SERVICES[index] ?? '',
      namespace: 'default',
      hosts: [],
      addresses: [`10.96.0.${index}`],
      ports: PORTS.map((port) => ({ port, protocol: 'http' as const })),
      endpoints: parts.map((part, place) => endpointAt(index, place, part)),
    })),
  );

const laneConfigs: fc.Arbitrary<readonly LaneConfig[]> = fc
  .tuple(
    ...LANES.map((name) =>
      fc.record({
        isDeclared: fc.boolean(),
        name: fc.constant(name),
        group: fc.constantFrom('one', 'two', ''),
        fallback: chains,
        serviceFallback: fc.dictionary(fc.constantFrom(...SERVICES, 'default/a'), chains, { maxKeys: 2 }),
      }),
    ),
  )
  .map((all) =>
    all
      .filter((one) => one.isDeclared)
      .map(({ name, group, fallback, serviceFallback }) => ({
        name,
        group,
        fallback,
        serviceFallback,
        match: [],
        entries: [],
        priority: 0,
      })),
  );

/** Each service in group one, in group two, or in none. */
const groups: fc.Arbitrary<readonly LaneGroupConfig[]> = fc
  .tuple(fc.tuple(...SERVICES.map(() => fc.constantFrom('one', 'two', ''))), modes, modes)
  .map(([memberships, one, two]) =>
    (
      [
        ['one', one],
        ['two', two],
      ] as const
    ).map(([name, mode]) => ({
      name,
      mode,
      evidence: ALL_EVIDENCE,
      services: SERVICES.filter((_, index) => memberships[index] === name).map((service) => ({
        name: service,
        namespace: 'default',
      })),
    })),
  );

export const meshes: fc.Arbitrary<MeshConfig> = fc
  .record({ services, groups, lanes: laneConfigs, mode: modes })
  .map(({ mode, ...parts }) => mesh({ ...parts, settings: { ...SETTINGS, mode } }));

/** What a request may say: a known lane, `base`, a lane that nobody knows, or nothing. */
export const tags = fc.constantFrom<string | undefined>(...LANES, 'base', 'ghost', undefined);
export const podLanes = fc.constantFrom<string>('base', ...LANES);
export const serviceNames = fc.constantFrom<string>(...SERVICES);
export const ports = fc.constantFrom<number>(...PORTS);
