import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { LanePolicy, Service, Snapshot } from '../route/snapshot.ts';
import { json, type Endpoint } from './endpoint.ts';

/** `GET /lanes`: every lane that is declared or that some endpoint carries, and the baseline. */
export function getLanes({ snapshot }: { readonly snapshot: () => Snapshot }): Endpoint {
  return () => {
    const now = snapshot();
    const names = [...new Set([BASELINE, ...now.laneNames])].sort();
    return json({ generation: now.generation, lanes: names.map((name) => showLane(name, now)) });
  };
}

function showLane(lane: string, { services, rules, defaultPolicy }: Snapshot): object {
  const policies = new Set([defaultPolicy, ...[...services.values()].map((service) => service.policy)]);
  return {
    lane,
    groups: [...policies].flatMap((policy) => showGroup(lane, policy)),
    rules: rules
      .filter((rule) => rule.lane === lane)
      .map(({ label, group = null, entries }) => ({ label, group, entries })),
    services: Object.fromEntries([...services.values()].flatMap((service) => showMembership(lane, service))),
  };
}

function showGroup(lane: string, policy: LanePolicy): object[] {
  const chains = policy.lanes.get(lane);
  if (chains === undefined) return [];
  const { group, mode, evidence } = policy;
  const serviceFallback = Object.fromEntries(chains.serviceFallback);
  return [{ group, mode, evidence, fallback: chains.fallback, serviceFallback }];
}

/** Endpoints on the port that has most of them; the ports of a service share their endpoints. */
function showMembership(lane: string, service: Service): [string, object][] {
  const subsets = [...service.ports.values()].flatMap((port) => port.subsets.get(lane) ?? []);
  const endpoints = Math.max(0, ...subsets.map((subset) => subset.endpoints.length));
  const usable = Math.max(0, ...subsets.map((subset) => subset.usable.length));
  return endpoints === 0 ? [] : [[service.id, { endpoints, usable }]];
}
