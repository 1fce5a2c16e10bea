import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { LaneConfig } from '@lanekeeper/protocol/model';
import { contentHash } from '../catalog/content-hash.ts';

/** What makes requests be of a lane. */
export type LaneRules = Pick<LaneConfig, 'match' | 'entries' | 'priority'>;

export const NO_RULES: LaneRules = { match: [], entries: [], priority: 0 };

/** A lane as sources want it. */
export interface WantedLane {
  readonly key: string;
  readonly lane: LaneConfig;
  /** Hash of what brings its requests to endpoints: its selector, its fallback, and its group with all that is said of it. */
  readonly routing: string;
  readonly rules: LaneRules;
}

export function laneKey({ group, name }: Pick<LaneConfig, 'group' | 'name'>): string {
  return `${group} ${name}`;
}

export function wantedLanes({ lanes, groups }: MeshPart): readonly WantedLane[] {
  const groupHash = new Map(groups.map((group) => [group.name, contentHash(JSON.stringify(group))]));
  return lanes.map((lane) => {
    const { match, entries, priority, ...routing } = lane;
    const text = JSON.stringify([routing, groupHash.get(lane.group) ?? '']);
    return { key: laneKey(lane), lane, routing: contentHash(text), rules: { match, entries, priority } };
  });
}

/** Of the same object it is made once. */
const hashes = new WeakMap<LaneRules, string>();

export function rulesHash(rules: LaneRules): string {
  const known = hashes.get(rules);
  if (known !== undefined) return known;
  const { match, entries, priority } = rules;
  const hash = contentHash(JSON.stringify([match, entries, priority]));
  hashes.set(rules, hash);
  return hash;
}
