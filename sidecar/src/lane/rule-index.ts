import { addPlace, createAffixIndex, type AffixIndex } from './affix-index.ts';
import type { RequestView } from './request-view.ts';
import type { Field, Need } from './rule-needs.ts';

/** Places of rules, ascending. */
type Places = readonly number[];

/** Finds the rules that a request may match by what each of them needs, without asking the others. */
export interface RuleIndex {
  /** Lists that together have every rule that matches, each list ascending. */
  candidates(view: RequestView): readonly Places[];
}

interface FieldIndex {
  readonly field: Field;
  readonly byValue: Map<string, number[]>;
  readonly byStart: AffixIndex;
  readonly byEnd: AffixIndex;
  /** Rules for which any value will do. */
  readonly any: number[];
}

/** `rules`: the needs of each, in their order. A rule stands under the one of its needs that fewest others share. */
export function indexRules(rules: readonly (readonly Need[])[]): RuleIndex {
  const shared = countNeeds(rules);
  const fields = new Map<string, FieldIndex>();
  const rest: number[] = [];
  for (const [place, needs] of rules.entries()) {
    const need = rarest(needs, shared);
    if (need === undefined) rest.push(place);
    else addTo(fields, need, place);
  }
  const indexes = [...fields.values()];
  return { candidates: (view) => look(indexes, rest, view) };
}

function look(indexes: readonly FieldIndex[], rest: Places, view: RequestView): readonly Places[] {
  const found: Places[] = [];
  if (rest.length > 0) found.push(rest);
  for (const { field, byValue, byStart, byEnd, any } of indexes) {
    const value = field.read(view);
    if (value === undefined) continue;
    add(found, byValue.get(value));
    if (any.length > 0) found.push(any);
    byStart.find(value, found);
    byEnd.find(value, found);
    if (field.isHost === true) addParents(found, byValue, value);
  }
  return found;
}

/** `a.example.com` is below `*.example.com` and `*.com`. */
function addParents(found: Places[], byValue: ReadonlyMap<string, Places>, host: string): void {
  for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    add(found, byValue.get(`*${host.slice(dot)}`));
  }
}

function add(found: Places[], places: Places | undefined): void {
  if (places !== undefined) found.push(places);
}

function addTo(fields: Map<string, FieldIndex>, { field, part, values }: Need, place: number): void {
  const index = fields.get(field.id) ?? newIndex(field);
  fields.set(field.id, index);
  if (values === undefined) index.any.push(place);
  for (const value of new Set(values)) {
    if (part === 'start') index.byStart.add(value, place);
    else if (part === 'end') index.byEnd.add(value, place);
    else addPlace(index.byValue, value, place);
  }
}

function newIndex(field: Field): FieldIndex {
  const [byStart, byEnd] = [createAffixIndex('start'), createAffixIndex('end')];
  return { field, byValue: new Map(), byStart, byEnd, any: [] };
}

/** How many rules have each need. */
function countNeeds(rules: readonly (readonly Need[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of rules.flatMap((needs) => needs.flatMap(keysOf)))
    counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function rarest(needs: readonly Need[], shared: ReadonlyMap<string, number>): Need | undefined {
  const costs = needs.map((need) => keysOf(need).reduce((sum, key) => sum + (shared.get(key) ?? 0), 0));
  return needs[costs.indexOf(Math.min(...costs))];
}

function keysOf({ field, part, values }: Need): readonly string[] {
  return values === undefined ? [field.id] : values.map((value) => `${field.id} ${part}=${value}`);
}
