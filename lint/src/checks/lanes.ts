import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { describeObject, type LaneObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { DescribedGroup, DescribedWorld } from '../described-world.ts';
import type { Noted } from '../noted.ts';

/** Chains are not followed, so nothing goes round; but people who write a circle expect one of the lanes to end it. */
export function findFallbackCycles({ groups }: DescribedWorld): readonly Noted[] {
  return groups.flatMap(({ lanes }) => {
    const seen = new Set<string>();
    return lanes.flatMap((lane) => {
      if (seen.has(lane.meta.name)) return [];
      const cycle = cycleFrom(lane, lanes);
      for (const name of cycle) seen.add(name);
      return cycle.length === 0 ? [] : [cycleAt(lane, cycle)];
    });
  });
}

/** Names of the lanes on the shortest way from `start` back to it, `start` first; empty: there is none. */
function cycleFrom(start: LaneObject, lanes: readonly LaneObject[]): readonly string[] {
  const chains = new Map(lanes.map(({ meta, spec }) => [meta.name, spec.fallback]));
  const ways: (readonly string[])[] = [[start.meta.name]];
  const reached = new Set<string>();
  for (const way of ways) {
    for (const next of chains.get(way.at(-1) ?? '') ?? []) {
      if (next === start.meta.name) return way;
      if (next === BASELINE || reached.has(next)) continue;
      reached.add(next);
      ways.push([...way, next]);
    }
  }
  return [];
}

function cycleAt(lane: LaneObject, cycle: readonly string[]): Noted {
  return {
    code: 'LK0106',
    severity: 'warning',
    object: describeObject(lane),
    path: 'spec.fallback',
    annotations: [lane.meta.annotations],
    message: `the fallbacks of ${cycle.join(', ')} lead back to ${lane.meta.name}; each chain is tried as it is written, those of the lanes in it are not followed`,
    fix: `Write all lanes that are to be tried into each chain, and end it with ${BASELINE} (or not, for 503).`,
  };
}

export function findLanesWithoutPods({ groups, world }: DescribedWorld): readonly Noted[] {
  return groups.flatMap((group) => {
    const placed = group.members.flatMap(({ workloads }) => workloads);
    // Of files that have no workloads nothing is to be said.
    if (placed.length === 0 && world.extent === 'part') return [];
    const there = placed.filter(({ workload }) => workload.replicas !== 0);
    return group.lanes
      .filter((lane) => !there.some(({ claims }) => claims.includes(lane)))
      .map((lane) => withoutPods(lane, group));
  });
}

function withoutPods(lane: LaneObject, group: DescribedGroup): Noted {
  const { meta, spec } = lane;
  const labels = spec.selector ?? { 'lanekeeper.io/lane': meta.name };
  const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return {
    code: 'LK0107',
    severity: 'warning',
    object: describeObject(lane),
    path: 'spec.selector',
    annotations: [meta.annotations],
    message: `no pod of the services of ${describeObject(group.object)} is of this lane (${selector.join(', ')}), so its requests fall back everywhere`,
    fix: 'Put a workload into the lane (annotate it lanekeeper.io/lane), correct the selector, or delete the lane.',
  };
}
