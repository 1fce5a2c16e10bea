/** What the index needs to know of a rule. */
export interface IndexedRule {
  /** Place among the rules of its host: the first that matches is taken. */
  readonly order: number;
  /** `any` also for those that only looking at the path can tell (regular expressions). Canonical; prefixes trimmed. */
  readonly place: { readonly kind: 'exact' | 'prefix'; readonly path: string } | { readonly kind: 'any' };
}

/** The rules of one host by path. Finding the first that matches looks only at those whose path can. */
export interface RuleIndex<Rule extends IndexedRule> {
  readonly exact: ReadonlyMap<string, readonly Rule[]>;
  readonly prefix: ReadonlyMap<string, readonly Rule[]>;
  /** Segments of the longest prefix: looking further into a path is useless. */
  readonly depth: number;
  readonly any: readonly Rule[];
}

/** The order of the rules is kept within each list. */
export function indexRules<Rule extends IndexedRule>(rules: readonly Rule[]): RuleIndex<Rule> {
  const exact = new Map<string, Rule[]>();
  const prefix = new Map<string, Rule[]>();
  const any: Rule[] = [];
  let depth = 0;
  for (const rule of rules) {
    const { place } = rule;
    if (place.kind === 'exact') append(exact, place.path, rule);
    else if (place.kind === 'any' || place.path === '') any.push(rule);
    else {
      append(prefix, place.path, rule);
      depth = Math.max(depth, place.path.split('/').length - 1);
    }
  }
  return { exact, prefix, depth, any };
}

function append<Rule>(lists: Map<string, Rule[]>, key: string, rule: Rule): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [rule]);
  else list.push(rule);
}

/** The first rule, in the order of all, whose path holds and of which `matches` says so. */
export function findRule<Rule extends IndexedRule>(
  index: RuleIndex<Rule>,
  pathname: string,
  matches: (rule: Rule) => boolean,
): Rule | undefined {
  let best = earlier(index.any, undefined, matches);
  best = earlier(index.exact.get(pathname), best, matches);
  if (index.depth === 0) return best;
  let segments = 0;
  for (let at = pathname.indexOf('/', 1); segments < index.depth; at = pathname.indexOf('/', at + 1)) {
    segments += 1;
    const prefix = at === -1 ? pathname : pathname.slice(0, at);
    best = earlier(index.prefix.get(prefix), best, matches);
    if (at === -1) break;
  }
  return best;
}

/** The first of `rules` that matches, if it stands before `best`. */
function earlier<Rule extends IndexedRule>(
  rules: readonly Rule[] | undefined,
  best: Rule | undefined,
  matches: (rule: Rule) => boolean,
): Rule | undefined {
  if (rules === undefined) return best;
  for (const rule of rules) {
    if (best !== undefined && rule.order > best.order) return best;
    if (matches(rule)) return rule;
  }
  return best;
}
