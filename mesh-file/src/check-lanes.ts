import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { LaneConfig, LaneGroupConfig, MeshConfig } from '@lanekeeper/protocol/model';
import { didYouMean } from '@lanekeeper/runtime/nearest-name';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { Claims } from './claims.ts';
import { complain, down, type Cursor } from './decoder.ts';
import type { Origins } from './origins.ts';

/**
 * A lane has one chain that is tried from left to right; the chains of the lanes in it are not followed, so there are no cycles.
 * A chain names lanes of its own group, each once, and ends where `base` stands.
 */
export function checkLanes(config: Pick<MeshConfig, 'groups' | 'lanes'>, origins: Origins): void {
  const groups = new Map(config.groups.map((group) => [group.name, group]));
  const lanesOf = lanesByGroup(config.lanes);
  const claims = new Claims(origins);
  for (const lane of config.lanes) {
    const at = origins.get(lane);
    if (at === undefined) continue;
    const where = lane.group === '' ? 'no group' : `group ${lane.group}`;
    if (lane.name !== '') claims.claim(`${lane.group}/${lane.name}`, lane, `lane ${lane.name} of ${where}`);
    const group = lane.group === '' ? undefined : groups.get(lane.group);
    if (group === undefined && lane.group !== '') {
      complain(
        down(at, 'group'),
        `no group ${lane.group} is declared${didYouMean(lane.group, groups.keys())}`,
      );
      continue;
    }
    checkChains(lane, group, { at, siblings: lanesOf.get(lane.group) ?? new Set() });
  }
}

interface LanePlace {
  readonly at: Cursor;
  /** Names of all lanes of the group. */
  readonly siblings: ReadonlySet<string>;
}

function checkChains(lane: LaneConfig, group: LaneGroupConfig | undefined, place: LanePlace): void {
  checkChain(lane, lane.fallback, down(place.at, 'fallback'), place.siblings);
  if (group === undefined) {
    for (const [service, chain] of Object.entries(lane.serviceFallback)) {
      checkChain(lane, chain, down(place.at, 'serviceFallback', service), place.siblings);
    }
    return;
  }
  const members = group.services.flatMap((service) => [service.name, serviceId(service)]);
  for (const [service, chain] of Object.entries(lane.serviceFallback)) {
    const at = down(place.at, 'serviceFallback', service);
    if (!members.includes(service)) {
      complain(at, `${service} is no member of group ${group.name}${didYouMean(service, members)}`);
    }
    checkChain(lane, chain, at, place.siblings);
  }
}

/** `siblings`: names of all lanes of the group; undefined: nobody here can tell. */
export function checkChain(
  lane: Pick<LaneConfig, 'name' | 'group'>,
  chain: readonly string[],
  at: Cursor,
  siblings: ReadonlySet<string> | undefined,
): void {
  chain.forEach((name, index) => {
    const item = down(at, index);
    if (chain.indexOf(name) < index) complain(item, `${name} is in the chain already`);
    else if (name === BASELINE && index < chain.length - 1) {
      complain(item, `${BASELINE} ends a chain, for every service has a baseline; nothing after it is tried`);
    } else if (name === lane.name) complain(item, `lane ${name} cannot fall back to itself`);
    else if (name !== BASELINE && siblings?.has(name) === false) {
      const where = lane.group === '' ? 'without a group' : `in group ${lane.group}`;
      complain(item, `no lane ${name} is declared ${where}${didYouMean(name, siblings)}`);
    }
  });
}

function lanesByGroup(lanes: readonly LaneConfig[]): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const { group, name } of lanes) {
    const siblings = names.get(group) ?? new Set();
    names.set(group, siblings.add(name));
  }
  return names;
}
