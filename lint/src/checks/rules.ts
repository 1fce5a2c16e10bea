import type { MatchRule } from '@lanekeeper/protocol/model';
import { describeObject, type LaneObject } from '@lanekeeper/mesh-file/objects/object-types';
import type { DescribedWorld } from '../described-world.ts';
import type { Noted } from '../noted.ts';
import { coversRule, excludesRule } from '../rules/rule-relations.ts';
import { pairsOf } from './claims.ts';

/** Of lanes with equal priority the name decides, which nobody means. */
export function findPriorityTies({ groups }: DescribedWorld): readonly Noted[] {
  return groups.flatMap(({ lanes }) =>
    pairsOf(lanes).flatMap(([first, second]): readonly Noted[] => {
      if (first.spec.priority !== second.spec.priority) return [];
      const mayMeet = first.spec.match.some((a) => second.spec.match.some((b) => !excludesRule(a, b)));
      return mayMeet ? [tie(first, second)] : [];
    }),
  );
}

function tie(first: LaneObject, second: LaneObject): Noted {
  const { priority } = second.spec;
  return {
    code: 'LK0105',
    severity: 'warning',
    object: describeObject(second),
    path: 'spec.priority',
    annotations: [first.meta.annotations, second.meta.annotations],
    message: `lane ${first.meta.name} has priority ${priority} too, and a request may match rules of both; ${first.meta.name} has it then, by its name`,
    fix: 'Give the lane that should have such requests the larger priority, or make the rules exclude each other.',
  };
}

interface PlacedRule {
  readonly lane: LaneObject;
  readonly rule: MatchRule;
  readonly index: number;
}

/** A rule that an earlier one leaves nothing for. */
export function findShadowedRules({ groups }: DescribedWorld): readonly Noted[] {
  return groups.flatMap(({ lanes }) => shadowedIn(lanes));
}

/** `lanes` in the order in which they are asked. */
export function shadowedIn(lanes: readonly LaneObject[]): readonly Noted[] {
  const rules = lanes.flatMap((lane) =>
    lane.spec.match.map((rule, index): PlacedRule => ({ lane, rule, index })),
  );
  return rules.flatMap((later, place): readonly Noted[] => {
    // The first that shadows it stands before it; it shadows itself.
    const earliest = rules.findIndex((candidate) => candidate === later || shadows(candidate, later));
    const earlier = rules[earliest];
    return earlier === undefined || earliest === place ? [] : [shadowed(later, earlier)];
  });
}

function shadows(earlier: PlacedRule, later: PlacedRule): boolean {
  const reaches = later.lane.spec.entries.every((entry) => earlier.lane.spec.entries.includes(entry));
  return reaches && coversRule(earlier.rule, later.rule);
}

function shadowed(later: PlacedRule, earlier: PlacedRule): Noted {
  const where = later.lane === earlier.lane ? 'this lane' : `lane ${earlier.lane.meta.name}`;
  return {
    code: 'LK0109',
    severity: 'warning',
    object: describeObject(later.lane),
    path: `spec.match[${later.index}]`,
    annotations: [later.lane.meta.annotations],
    message: `spec.match[${earlier.index}] of ${where} is asked before and is for every request that this rule is for, so this one is never used`,
    fix: 'Delete the rule, or give its lane the larger priority.',
  };
}

export function findPercentsWithoutKey({ world }: DescribedWorld): readonly Noted[] {
  return world.objects.filter((object) => object.kind === 'Lane').flatMap(percentsWithoutKey);
}

/** A gateway sets a cookie; at a workload there is nobody to set one. */
export function percentsWithoutKey(lane: LaneObject): readonly Noted[] {
  const { entries, match } = lane.spec;
  if (entries.length === 0) return [];
  return match.flatMap(({ percent, key }, index): readonly Noted[] => {
    if (percent === undefined || percent === 0 || percent >= 100 || key !== undefined) return [];
    return [
      {
        code: 'LK0110',
        severity: 'warning',
        object: describeObject(lane),
        path: `spec.match[${index}].key`,
        annotations: [lane.meta.annotations],
        message: `percent needs something to hash at ${entries.join(', ')}: without a key the rule matches at gateways only, where a cookie is set`,
        fix: 'Name what tells users apart: key: {header: x-user-id}, {cookie: …}, {query: …} or {sourceIp: true}.',
      },
    ];
  });
}
