import type { CompiledRule } from './match-rule.ts';
import type { RequestView } from './request-view.ts';
import { indexRules, type RuleIndex } from './rule-index.ts';

/** Rules that are asked together. */
export interface RuleSet {
  /** In the order in which they are asked. */
  readonly rules: readonly CompiledRule[];
  /** The first that matches. */
  find(view: RequestView): CompiledRule | undefined;
  /** Those that colour a tagged request too; undefined: none does. */
  readonly overwriting: RuleSet | undefined;
}

/** Fewer are asked in a row faster than they are looked up. */
const WORTH_AN_INDEX = 9;

export function createRuleSet(rules: readonly CompiledRule[]): RuleSet {
  const overwriting = rules.filter((rule) => rule.overwrites);
  const find =
    rules.length < WORTH_AN_INDEX ? findInRow : findByIndex(indexRules(rules.map(({ needs }) => needs)));
  return {
    rules,
    find: (view) => find(rules, view),
    overwriting: overwriting.length === 0 ? undefined : createRuleSet(overwriting.map(once)),
  };
}

type Find = (rules: readonly CompiledRule[], view: RequestView) => CompiledRule | undefined;

function findInRow(rules: readonly CompiledRule[], view: RequestView): CompiledRule | undefined {
  return rules.find((rule) => rule.matches(view));
}

/** In the same order as in a row: what is asked before the first match may give the client a key. */
function findByIndex(index: RuleIndex): Find {
  return (rules, view) => {
    const lists = index.candidates(view);
    const [only] = lists;
    if (lists.length < 2) return only === undefined ? undefined : findInList(rules, only, view);
    const positions = lists.map(() => 0);
    for (;;) {
      const list = nextList(lists, positions);
      if (list === -1) return undefined;
      const position = positions[list] ?? 0;
      positions[list] = position + 1;
      const rule = rules[lists[list]?.[position] ?? -1];
      if (rule?.matches(view) === true) return rule;
    }
  };
}

function findInList(
  rules: readonly CompiledRule[],
  places: readonly number[],
  view: RequestView,
): CompiledRule | undefined {
  for (let index = 0; index < places.length; index += 1) {
    const rule = rules[places[index] ?? -1];
    if (rule?.matches(view) === true) return rule;
  }
  return undefined;
}

/** The list whose next place is the smallest; -1 when all are through. */
function nextList(lists: readonly (readonly number[])[], positions: readonly number[]): number {
  let found = -1;
  let smallest = Infinity;
  for (let list = 0; list < lists.length; list += 1) {
    const place = lists[list]?.[positions[list] ?? 0];
    if (place !== undefined && place < smallest) {
      smallest = place;
      found = list;
    }
  }
  return found;
}

/** Its own set of overwriting rules would be itself, for ever. */
function once(rule: CompiledRule): CompiledRule {
  return { ...rule, overwrites: false };
}

/** For a place that is no entry: nothing colours there. */
export const NO_RULES: RuleSet = createRuleSet([]);
