import type { CompiledRule } from '../lane/match-rule.ts';
import type { EntryRules } from './snapshot.ts';

/** Group -> its rules; the order is kept. */
export function groupRules(rules: readonly CompiledRule[]): Map<string, CompiledRule[]> {
  const groups = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const group = groups.get(rule.group);
    if (group === undefined) groups.set(rule.group, [rule]);
    else group.push(rule);
  }
  return groups;
}

/** App name -> the rules that colour at its inbound side; the order is kept. */
export function rulesByEntry(rules: readonly CompiledRule[]): Map<string, EntryRules> {
  const apps = new Set(rules.flatMap((rule) => rule.entries));
  const entries = new Map<string, EntryRules>();
  for (const app of apps) {
    const all = rules.filter((rule) => rule.entries.includes(app));
    entries.set(app, { all, byGroup: groupRules(all) });
  }
  return entries;
}
