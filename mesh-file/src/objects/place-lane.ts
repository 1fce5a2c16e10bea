import { BASELINE } from '@lanekeeper/protocol/lane-name';
import type { LaneConfig, LaneGroupConfig } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { didYouMean } from '@lanekeeper/runtime/nearest-name';
import type { LaneObject } from './object-types.ts';
import { translateLane } from './translate.ts';

/** A lane in its group, without what names lanes and services that are not there. */
export interface PlacedLane {
  /** Absent: its group is not there, so nothing of it is in force. */
  readonly lane?: LaneConfig;
  readonly reason: 'Accepted' | 'GroupNotFound' | 'FallbackUnknown';
  readonly problems: readonly ConfigProblem[];
}

/** `groups` and `siblings` (names of lanes) by the name that the mesh has for a group. */
export function placeLane(
  object: LaneObject,
  groups: ReadonlyMap<string, LaneGroupConfig>,
  siblings: ReadonlyMap<string, ReadonlySet<string>>,
): PlacedLane {
  const lane = translateLane(object);
  const group = groups.get(lane.group);
  if (group === undefined) return { reason: 'GroupNotFound', problems: [groupNotFound(lane, groups)] };
  const place: Place = { group, known: siblings.get(lane.group) ?? new Set(), problems: [] };
  const fallback = keepKnown(lane.fallback, 'spec.fallback', place);
  const serviceFallback = placeServices(lane, place);
  const { problems } = place;
  const reason = problems.length === 0 ? 'Accepted' : 'FallbackUnknown';
  return { lane: { ...lane, fallback, serviceFallback }, reason, problems };
}

interface Place {
  readonly group: LaneGroupConfig;
  /** Names of all lanes of the group. */
  readonly known: ReadonlySet<string>;
  readonly problems: ConfigProblem[];
}

function groupNotFound(lane: LaneConfig, groups: ReadonlyMap<string, LaneGroupConfig>): ConfigProblem {
  const hint = didYouMean(lane.group, groups.keys());
  const message = `there is no LaneGroup ${lane.group}${hint}; without it nothing of this lane is in force`;
  return { path: 'spec.group', message };
}

function keepKnown(chain: readonly string[], path: string, { group, known, problems }: Place): string[] {
  return chain.filter((name, index) => {
    if (name === BASELINE || known.has(name)) return true;
    const hint = didYouMean(name, known);
    const message = `there is no lane ${name} in LaneGroup ${group.name}${hint}; it is left out of the chain`;
    problems.push({ path: `${path}[${index}]`, message });
    return false;
  });
}

/** Each service as `namespace/name`. */
function placeServices(lane: LaneConfig, place: Place): LaneConfig['serviceFallback'] {
  const chains = new Map<string, readonly string[]>();
  const entries = Object.entries(lane.serviceFallback);
  // One that names its namespace is more specific.
  const bareFirst = [
    ...entries.filter(([key]) => !key.includes('/')),
    ...entries.filter(([key]) => key.includes('/')),
  ];
  for (const [key, chain] of bareFirst) {
    const path = `spec.serviceFallback${/^[-\w]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`}`;
    const kept = keepKnown(chain, path, place);
    const ids = place.group.services
      .filter((service) => key === service.name || key === serviceId(service))
      .map(serviceId);
    if (ids.length === 0) place.problems.push({ path, message: noMember(key, place.group) });
    for (const id of ids) chains.set(id, kept);
  }
  return Object.fromEntries(chains);
}

function noMember(key: string, group: LaneGroupConfig): string {
  const members = group.services.flatMap((service) => [service.name, serviceId(service)]);
  return `${key} is no member of LaneGroup ${group.name}${didYouMean(key, members)}; its chain is not used`;
}
