import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { LaneConfig, LaneGroupConfig, MeshConfig, ServiceRef } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { LaneChains, LanePolicy } from './snapshot.ts';

export interface Policies {
  readonly default: LanePolicy;
  /** The one object of the service's group, or the default. */
  of(service: ServiceRef): LanePolicy;
}

/** One policy object a group. A service that two groups name belongs to the first. */
export function compilePolicies(config: MeshConfig, namespace: string): Policies {
  const { mode, evidence } = config.settings;
  const fallback: LanePolicy = {
    group: '',
    mode,
    evidence,
    lanes: chainsOf(config.lanes, { name: '', services: [], mode, evidence }, namespace),
  };
  const byService = new Map<string, LanePolicy>();
  for (const group of config.groups) {
    const policy = policyOf(group, config.lanes, namespace);
    for (const member of group.services) {
      const id = serviceId(member);
      if (!byService.has(id)) byService.set(id, policy);
    }
  }
  return { default: fallback, of: (service) => byService.get(serviceId(service)) ?? fallback };
}

function policyOf(group: LaneGroupConfig, lanes: readonly LaneConfig[], namespace: string): LanePolicy {
  const { name, mode, evidence } = group;
  return { group: name, mode, evidence, lanes: chainsOf(lanes, group, namespace) };
}

function chainsOf(
  lanes: readonly LaneConfig[],
  group: LaneGroupConfig,
  namespace: string,
): Map<string, LaneChains> {
  const chains = new Map<string, LaneChains>();
  for (const lane of lanes) {
    if (lane.group !== group.name || lane.name === BASELINE) continue;
    chains.set(lane.name, {
      fallback: lane.fallback,
      serviceFallback: serviceFallbackOf(lane, group, namespace),
    });
  }
  return chains;
}

/** A key without a namespace means the group's members of that name; where there is none, this namespace's service. */
function serviceFallbackOf(
  lane: LaneConfig,
  group: LaneGroupConfig,
  namespace: string,
): Map<string, readonly string[]> {
  const byId = new Map<string, readonly string[]>();
  const entries = Object.entries(lane.serviceFallback);
  for (const [name, chain] of entries) {
    if (name.includes('/')) continue;
    const members = group.services.filter((member) => member.name === name);
    for (const service of members.length === 0 ? [{ name, namespace }] : members) {
      byId.set(serviceId(service), chain);
    }
  }
  for (const [id, chain] of entries) {
    if (id.includes('/')) byId.set(id, chain);
  }
  return byId;
}
