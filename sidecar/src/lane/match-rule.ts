import type { LaneConfig, MatchRule } from '@lanekeeper/protocol/model';
import type { RequestHead } from '../wire/head.ts';
import type { Condition, RequestOrigin } from './condition.ts';
import { cookieCondition, headerCondition, queryCondition } from './match-fields.ts';
import { hostCondition, methodCondition, pathCondition } from './match-target.ts';

/** One rule of a lane, ready to be asked. */
export interface CompiledRule {
  readonly lane: string;
  readonly group: string;
  /** Workloads (app names) at whose inbound side it applies, beside the gateway. */
  readonly entries: readonly string[];
  /** `gray#0`: the lane and the rule's place in it, for people. */
  readonly label: string;
  matches(head: RequestHead, origin: RequestOrigin): boolean;
}

/** The rules of all lanes in the order in which they are asked: priority (larger first), lane name, place in the lane. */
export function compileRules(lanes: readonly LaneConfig[]): readonly CompiledRule[] {
  return [...lanes].sort(compareLanes).flatMap((lane) =>
    lane.match.map((rule, place) => ({
      lane: lane.name,
      group: lane.group,
      entries: lane.entries,
      label: `${lane.name}#${place}`,
      matches: compileRule(rule),
    })),
  );
}

function compareLanes(a: LaneConfig, b: LaneConfig): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/**
 * All conditions must hold; an absent or empty one (`hosts: []`) is none. A rule without any matches nothing: sources refuse
 * it, and if one slips through it must not colour everybody.
 */
function compileRule(rule: MatchRule): Condition {
  const conditions = [
    hostCondition(rule.hosts ?? []),
    methodCondition(rule.methods ?? []),
    pathCondition(rule.paths ?? []),
    headerCondition(rule.headers ?? {}),
    queryCondition(rule.query ?? {}),
    cookieCondition(rule.cookies ?? {}),
  ].filter((condition) => condition !== undefined);
  if (conditions.length === 0) return () => false;
  return (head, origin) => conditions.every((condition) => condition(head, origin));
}
