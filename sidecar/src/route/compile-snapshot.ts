import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { LaneConfig, MeshConfig } from '@lanekeeper/protocol/model';
import { compilePolicies } from './compile-policies.ts';
import { compileColouring } from './compile-rules.ts';
import { compileEdge } from './edge/compile-edge.ts';
import { compileService } from './compile-service.ts';
import { byServiceId } from '@lanekeeper/protocol/service-id';
import { hostsOf } from './service-hosts.ts';
import { agreeOnLanes, byClaim } from './shared-addresses.ts';
import type { AddressOwner, Service, Snapshot } from './snapshot.ts';

export interface CompileOptions {
  /** Content hash of the configuration. */
  readonly generation: string;
  /** Namespace of this workload: its services are also known by their bare name. */
  readonly namespace: string;
}

/** Compiles a mesh for look-ups in O(1). Pure; the configuration is taken to be valid (see discovery). */
export function compileSnapshot(config: MeshConfig, options: CompileOptions): Snapshot {
  const policies = compilePolicies(config, options.namespace);
  const services = new Map<string, Service>();
  const byAddress = new Map<string, AddressOwner[]>();
  for (const service of agreeOnLanes(config.services).toSorted(byServiceId)) {
    const compiled = compileService(service, policies.of(service), byAddress);
    services.set(compiled.id, compiled);
  }
  for (const owners of byAddress.values()) if (owners.length > 1) owners.sort(byClaim);
  const colouring = compileColouring(config, options.namespace);
  return {
    generation: options.generation,
    settings: config.settings,
    services,
    byHost: hostsOf(config.services, services, options.namespace),
    byAddress,
    laneNames: laneNames(config.lanes, services),
    defaultPolicy: policies.default,
    rules: colouring.rules,
    rulesByGroup: colouring.byGroup,
    rulesByEntry: colouring.byEntry,
    edge: compileEdge(config.edge, config.gateway),
  };
}

function laneNames(lanes: readonly LaneConfig[], services: ReadonlyMap<string, Service>): Set<string> {
  const names = new Set(lanes.map((lane) => lane.name));
  for (const service of services.values()) {
    for (const lane in service.candidates) names.add(lane);
  }
  names.delete(BASELINE);
  return names;
}
