import type { EdgeAction, EdgeRule, EdgeTimeouts, HeaderChange } from '@lanekeeper/protocol/edge';
import { ruleProblems } from '../../edge/check-rule.ts';
import type { BackendRef, KubeRoute, RouteRule } from '../objects.ts';
import { convertFilters, type ConvertedFilters, type FilterProblem } from './convert-filters.ts';
import {
  convertGrpcMatches,
  convertHttpMatches,
  type ConvertedMatch,
  type Unmatchable,
} from './convert-matches.ts';
import { parseDuration } from './durations.ts';
import type { Refusal } from './refusal.ts';

/** A rule of a route as far as the route alone says: its backends are still to be found. */
export interface RuleDraft {
  /** `rule 0`, or `rule payments` where it has a name. */
  readonly label: string;
  /** Those that can be matched, with their place in the rule. */
  readonly matches: readonly (ConvertedMatch & { readonly place: number })[];
  readonly filters: ConvertedFilters;
  readonly backends: readonly BackendDraft[];
  readonly timeouts: EdgeTimeouts | undefined;
  /** Why it is not served as it is written; none: it is. */
  readonly problems: readonly FilterProblem[];
  readonly unheeded: readonly string[];
}

export interface BackendDraft {
  readonly ref: BackendRef;
  readonly requestHeaders?: HeaderChange;
  readonly responseHeaders?: HeaderChange;
}

/** Routes do not change; what was made of one stays true. */
const drafts = new WeakMap<KubeRoute, readonly RuleDraft[]>();

export function draftRules(route: KubeRoute): readonly RuleDraft[] {
  const known = drafts.get(route);
  if (known !== undefined) return known;
  const made =
    route.kind === 'HTTPRoute'
      ? route.rules.map((rule, index) => draft(rule, index, convertHttpMatches(rule.matches)))
      : route.rules.map((rule, index) => draft(rule, index, convertGrpcMatches(rule.matches)));
  drafts.set(route, made);
  return made;
}

/** Why nothing of the route can be served. */
export function wholeRefusal(route: KubeRoute): Refusal | undefined {
  const rules = draftRules(route);
  if (rules.length === 0 || rules.some(({ problems }) => problems.length === 0)) return undefined;
  const all = rules.flatMap(({ problems }) => problems);
  const isIncompatible = all.every(({ reason }) => reason === 'IncompatibleFilters');
  return {
    reason: isIncompatible ? 'IncompatibleFilters' : 'UnsupportedValue',
    message: rules.map((rule) => `${rule.label}: ${sentences(rule)}`).join('; '),
  };
}

/** Rules that are not served as they are written, where others are; undefined: none. */
export function droppedRules(route: KubeRoute): string | undefined {
  const dropped = draftRules(route).filter(({ problems }) => problems.length > 0);
  if (dropped.length === 0) return undefined;
  const why = dropped.map((rule) => `${rule.label}: ${sentences(rule)}`).join('; ');
  return `Dropped Rule(s): what they match is answered by 500. ${why}`;
}

function sentences({ problems }: RuleDraft): string {
  return problems.map(({ message }) => message).join(', ');
}

function draft<Match>(
  rule: RouteRule<Match>,
  index: number,
  matches: readonly (ConvertedMatch | Unmatchable)[],
): RuleDraft {
  const problems: FilterProblem[] = matches
    .flatMap((match) => ('problems' in match ? match.problems : []))
    .map((message) => ({ reason: 'UnsupportedValue', message }));
  const usable = matches.flatMap((match, place) => ('match' in match ? [{ ...match, place }] : []));
  const hasPrefixesOnly = usable.every(({ match: { path } }) => path !== undefined && 'prefix' in path);
  const filters = convertFilters(rule.filters, { at: 'rule', hasPrefixesOnly }, problems);
  const backends = rule.backends.map((ref) => draftBackend(ref, problems));
  const timeouts = convertTimeouts(rule.timeouts, problems);
  return checked({
    label: `rule ${rule.name === '' ? index : rule.name}`,
    ...{ matches: usable, filters, backends, timeouts, problems, unheeded: rule.unheeded },
  });
}

const REFUSING: Pick<EdgeRule, 'name' | 'action'> = {
  name: 'a match alone',
  action: { kind: 'reply', status: 500, reason: '' },
};

/** As gateways will, but for the backends: each part once, however many matches share it. */
function checked(made: RuleDraft): RuleDraft {
  const ofMatches = made.matches.map(({ match }) => ruleProblems({ ...REFUSING, match }));
  const matches = made.matches.filter((_, index) => ofMatches[index]?.length === 0);
  const found = made.problems.length > 0 ? [] : [...problemsBesideMatches(made), ...ofMatches.flat()];
  const problems = [...new Set(found)].map((message): FilterProblem => ({
    reason: 'UnsupportedValue',
    message,
  }));
  return { ...made, matches, problems: [...made.problems, ...problems] };
}

function problemsBesideMatches({ label: name, filters, timeouts, backends }: RuleDraft): readonly string[] {
  const { redirect, mirrors: _, ...changes } = filters;
  const action: EdgeAction =
    redirect === undefined ? { kind: 'forward', backends: [] } : { kind: 'redirect', ...redirect };
  const common = { name, action, match: {}, ...changes, ...(timeouts === undefined ? {} : { timeouts }) };
  const ofBackends = backends.flatMap(({ ref: _ref, ...headers }) =>
    Object.keys(headers).length === 0 ? [] : ruleProblems({ ...REFUSING, match: {}, ...headers }),
  );
  return [...ruleProblems(common), ...ofBackends];
}

function draftBackend(ref: BackendRef, problems: FilterProblem[]): BackendDraft {
  const filters = convertFilters(ref.filters, { at: 'backend', hasPrefixesOnly: false }, problems);
  const { requestHeaders, responseHeaders } = filters;
  return {
    ref,
    ...(requestHeaders === undefined ? {} : { requestHeaders }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
  };
}

function convertTimeouts(
  { request, backendRequest }: RouteRule<unknown>['timeouts'],
  problems: FilterProblem[],
): EdgeTimeouts | undefined {
  const read = (text: string): number => {
    const milliseconds = parseDuration(text);
    if (milliseconds === undefined) {
      const message = `timeouts: ${JSON.stringify(text)} is no duration such as 500ms`;
      problems.push({ reason: 'UnsupportedValue', message });
    }
    return milliseconds ?? 0;
  };
  if (request === undefined && backendRequest === undefined) return undefined;
  return {
    ...(request === undefined ? {} : { requestMs: read(request) }),
    ...(backendRequest === undefined ? {} : { backendRequestMs: read(backendRequest) }),
  };
}
