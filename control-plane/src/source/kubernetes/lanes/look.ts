import type { AssembledObjects } from '@lanekeeper/mesh-file/objects/assemble-objects';
import type { MeshPart } from '@lanekeeper/protocol/discovery';
import type { LaneConfig, LaneGroupConfig } from '@lanekeeper/protocol/model';
import type { CountMembers, MemberCounts } from './member-counts.ts';

/** What is asked of many objects in one pass. */
export class Look {
  readonly verdicts: AssembledObjects['verdicts'];
  readonly overruled: ReadonlySet<string>;
  readonly #groups: ReadonlyMap<string, LaneGroupConfig>;
  readonly #lanes = new Map<string, LaneConfig[]>();
  readonly #members = new Map<string, readonly MemberCounts[]>();
  readonly #count: CountMembers;

  constructor({ verdicts, groups, lanes }: AssembledObjects, inForce: Declared, count: CountMembers) {
    this.verdicts = verdicts;
    this.overruled = overruledBy(inForce, { groups, lanes });
    this.#count = count;
    this.#groups = new Map(groups.map((group) => [group.name, group]));
    for (const lane of lanes) {
      const siblings = this.#lanes.get(lane.group);
      if (siblings === undefined) this.#lanes.set(lane.group, [lane]);
      else siblings.push(lane);
    }
  }

  lanesOf(group: string): readonly LaneConfig[] {
    return (this.#lanes.get(group) ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  membersOf(group: string): readonly MemberCounts[] {
    const known = this.#members.get(group);
    if (known !== undefined) return known;
    const members = this.#count(this.#groups.get(group)?.services ?? []);
    this.#members.set(group, members);
    return members;
  }
}

type Declared = Pick<MeshPart, 'groups' | 'lanes'>;

/** Groups and lanes that are not in force as these objects say. What a lane says of services that are not in its group is left out. */
function overruledBy(inForce: Declared, { groups, lanes }: Declared): ReadonlySet<string> {
  const words = wordsOf(inForce);
  return new Set(
    [...wordsOf({ groups, lanes })].filter(([key, word]) => words.get(key) !== word).map(([key]) => key),
  );
}

function wordsOf({ groups, lanes }: Declared): ReadonlyMap<string, string> {
  return new Map([
    ...groups.map(({ name, mode, evidence }): [string, string] => [
      `LaneGroup ${name} `,
      JSON.stringify([mode, evidence]),
    ]),
    ...lanes.map(({ group, name, fallback, match, entries, priority }): [string, string] => [
      `Lane ${group} ${name}`,
      JSON.stringify([fallback, match, entries, priority]),
    ]),
  ]);
}
