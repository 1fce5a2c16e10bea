import type { LaneConfig, MeshConfig } from '@lanekeeper/protocol/model';
import { compileRules, type CompiledRule } from '../lane/match-rule.ts';
import { createRuleSet, type RuleSet } from '../lane/rule-set.ts';
import type { EntryRules } from './snapshot.ts';

/** All colouring rules of a mesh, by where they are asked. */
export interface Colouring {
  readonly rules: readonly CompiledRule[];
  readonly byGroup: ReadonlyMap<string, RuleSet>;
  readonly byEntry: ReadonlyMap<string, EntryRules>;
}

interface Compiled {
  readonly colouring: MeshConfig['colouring'];
  readonly regionHeader: string;
  readonly namespace: string;
  readonly result: Colouring;
}

/** A mesh changes with every endpoint, its rules seldom; and regular expressions are dear to compile. */
const compiledOf = new WeakMap<readonly LaneConfig[], Compiled>();

/** `namespace`: of this workload; entries of others are not its own. */
export function compileColouring(config: MeshConfig, namespace: string): Colouring {
  const { lanes, colouring } = config;
  const { regionHeader } = config.settings;
  const known = compiledOf.get(lanes);
  if (
    known?.colouring === colouring &&
    known.regionHeader === regionHeader &&
    known.namespace === namespace
  ) {
    return known.result;
  }
  const rules = compileRules(config);
  const result = { rules, byGroup: rulesByGroup(rules), byEntry: rulesByEntry(rules, namespace) };
  compiledOf.set(lanes, { colouring, regionHeader, namespace, result });
  return result;
}

/** Group -> the rules of its lanes. Those beside lanes are not among them: they colour at their entries only. */
function rulesByGroup(rules: readonly CompiledRule[]): Map<string, RuleSet> {
  const groups = new Set(rules.map((rule) => rule.group).filter((group) => group !== undefined));
  return new Map(
    [...groups].map((group) => [group, createRuleSet(rules.filter((rule) => rule.group === group))]),
  );
}

/** App name -> the rules that colour at its inbound side; the order is kept. */
function rulesByEntry(rules: readonly CompiledRule[], namespace: string): Map<string, EntryRules> {
  const apps = new Set(rules.flatMap((rule) => rule.entries.map((entry) => appOf(entry, namespace))));
  const entries = new Map<string, EntryRules>();
  for (const app of apps) {
    if (app === undefined) continue;
    const all = rules.filter((rule) => rule.entries.some((entry) => appOf(entry, namespace) === app));
    entries.set(app, entryRules(all));
  }
  return entries;
}

function entryRules(all: readonly CompiledRule[]): EntryRules {
  const groups = new Set(all.map((rule) => rule.group).filter((group) => group !== undefined));
  const besideAnd = (group: string | undefined): RuleSet =>
    createRuleSet(all.filter((rule) => rule.group === undefined || rule.group === group));
  return {
    all: createRuleSet(all),
    byGroup: new Map([...groups].map((group) => [group, besideAnd(group)])),
    beside: besideAnd(undefined),
  };
}

/** `app` is of any namespace, `namespace/app` of that one; undefined: of another. */
function appOf(entry: string, namespace: string): string | undefined {
  const slash = entry.indexOf('/');
  if (slash === -1) return entry;
  return entry.slice(0, slash) === namespace ? entry.slice(slash + 1) : undefined;
}
