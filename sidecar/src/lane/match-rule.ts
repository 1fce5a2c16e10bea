import type { ColourRule, LaneConfig, MatchRule, MeshConfig } from '@lanekeeper/protocol/model';
import type { Condition } from './condition.ts';
import { shareCondition, sourceCondition } from './match-client.ts';
import { cookieCondition, headerCondition, queryCondition, regionCondition } from './match-fields.ts';
import { needsOf, type Need } from './rule-needs.ts';
import { hostCondition, methodCondition, pathCondition } from './match-target.ts';
import { saltedHash, type KeyHash } from './share.ts';

/** One rule, ready to be asked. */
export interface CompiledRule {
  readonly lane: string;
  /** Of its lane; undefined: it stands beside lanes and colours at its entries only, whatever their group. */
  readonly group: string | undefined;
  /** Workloads (`app` or `namespace/app`) at whose inbound side it applies. */
  readonly entries: readonly string[];
  /** `gray#0`: the lane, or the name of a rule beside lanes, and the place in it; for people. */
  readonly label: string;
  /** It also colours a request that carries a trusted tag. */
  readonly overwrites: boolean;
  /** Each of them must hold for it to match; what an index over many finds it by. */
  readonly needs: readonly Need[];
  readonly matches: Condition;
}

/** What rules are made of. */
export type RuleSource = Pick<MeshConfig, 'lanes' | 'colouring'> & {
  readonly settings: Pick<MeshConfig['settings'], 'regionHeader'>;
};

/**
 * The rules of all lanes, and those beside them, in the order in which they are asked: priority (larger first), lane name, a lane's own
 * rules before those beside it, group name, place.
 */
export function compileRules(source: RuleSource): readonly CompiledRule[] {
  const { regionHeader } = source.settings;
  return [...source.lanes.map(ofLane), ...source.colouring.map(besideLane)]
    .sort(compareOwners)
    .flatMap(({ lane, group, entries, name, match }) => {
      const hash = saltedHash(lane);
      return match.map((rule, place) => ({
        lane,
        group,
        entries,
        label: `${name}#${place}`,
        overwrites: rule.overwrite === true,
        needs: needsOf(rule, regionHeader),
        matches: compileRule(rule, hash, regionHeader),
      }));
    });
}

interface RuleOwner extends Pick<CompiledRule, 'lane' | 'group' | 'entries'> {
  readonly name: string;
  readonly match: readonly MatchRule[];
  readonly priority: number;
}

function ofLane({ name, group, entries, match, priority }: LaneConfig): RuleOwner {
  return { lane: name, name, group, entries, match, priority };
}

function besideLane({ name, lane, entries, match, priority }: ColourRule): RuleOwner {
  return { lane, name, group: undefined, entries, match, priority };
}

/** Equal ones stay in the order in which they were declared. */
function compareOwners(a: RuleOwner, b: RuleOwner): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.lane !== b.lane) return a.lane < b.lane ? -1 : 1;
  if (a.group === b.group) return 0;
  if (a.group === undefined || b.group === undefined) return a.group === undefined ? 1 : -1;
  return a.group < b.group ? -1 : 1;
}

/**
 * All conditions must hold, the cheap ones are asked first; an absent or empty one (`hosts: []`) is none. A rule without any matches
 * nothing: sources refuse it, and if one slips through it must not colour everybody. A share comes last: it may give the client a key.
 */
function compileRule(rule: MatchRule, hash: KeyHash, regionHeader: string): Condition {
  const conditions = [
    hostCondition(rule.hosts ?? []),
    methodCondition(rule.methods ?? []),
    headerCondition(rule.headers ?? {}, hash),
    regionCondition(rule.regions ?? [], regionHeader),
    pathCondition(rule.paths ?? []),
    queryCondition(rule.query ?? {}, hash),
    cookieCondition(rule.cookies ?? {}, hash),
    sourceCondition(rule.sourceCidrs ?? []),
    shareCondition(rule, hash),
  ].filter((condition) => condition !== undefined);
  const [only] = conditions;
  if (only === undefined) return () => false;
  return conditions.length === 1 ? only : (view) => conditions.every((condition) => condition(view));
}
