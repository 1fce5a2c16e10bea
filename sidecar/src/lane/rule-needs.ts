import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { MatchRule, PathMatch, ValueMatch } from '@lanekeeper/protocol/model';
import type { Affix } from './affix-index.ts';
import { hostName, type RequestView } from './request-view.ts';

/** Something of a request that one look finds; rules that want the same of it share its `id`. */
export interface Field {
  readonly id: string;
  readonly read: (view: RequestView) => string | undefined;
  /** Its values are host names: `*.example.com` is wanted by all names below. */
  readonly isHost?: true;
}

/** What a request must have for a rule to match: the field, with one of `values` as its value, or as its start or end. */
export interface Need {
  readonly field: Field;
  readonly part: 'whole' | Affix;
  /** Undefined: any value will do. */
  readonly values: readonly string[] | undefined;
}

const HOST: Field = { id: 'host', read: (view) => view.host, isHost: true };
const SEGMENT: Field = { id: 'segment', read: (view) => firstSegment(view.path) };

/** Necessary, not sufficient: a request without one of these does not match the rule, one with all of them may. */
export function needsOf(rule: MatchRule, regionHeader: string): readonly Need[] {
  const regions = rule.regions ?? [];
  return [
    ...hostNeed(rule.hosts ?? []),
    ...segmentNeed(rule.paths ?? []),
    ...fieldNeeds(rule.headers, (name) => headerField(name.toLowerCase())),
    ...fieldNeeds(rule.cookies, (name) => ({ id: `cookie ${name}`, read: (view) => view.cookie(name) })),
    ...fieldNeeds(rule.query, (name) => ({ id: `query ${name}`, read: (view) => view.parameter(name) })),
    ...(regions.length === 0 ? [] : [whole(headerField(regionHeader.toLowerCase()), regions)]),
  ];
}

function headerField(name: string): Field {
  return { id: `header ${name}`, read: (view) => view.header(name) };
}

function hostNeed(hosts: readonly string[]): readonly Need[] {
  const values = hosts.map((host) => hostName(host.toLowerCase()));
  return values.length === 0 || values.includes('*') ? [] : [whole(HOST, values)];
}

/** Undefined: it may begin with any segment. */
function segmentNeed(paths: readonly PathMatch[]): readonly Need[] {
  const values = paths.map((path) => {
    if ('exact' in path) return firstSegment(path.exact);
    if ('regex' in path) return segmentOfRegex(path.regex);
    const prefix = path.prefix.replace(/\/+$/, '');
    return prefix === '' ? undefined : firstSegment(prefix);
  });
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 || known.length < values.length ? [] : [whole(SEGMENT, known)];
}

/** Known where it begins with a whole segment: `/api/v[0-9]`, not `/ap.*`. */
function segmentOfRegex(regex: string): string | undefined {
  const prefix = prefixOf(regex);
  return prefix.includes('/', 1) ? firstSegment(prefix) : undefined;
}

/** `/a/b` -> `/a`; all of a text without a second slash, also of one that is no path (`*`). */
function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end === -1 ? path : path.slice(0, end);
}

function fieldNeeds(
  matches: Readonly<Record<string, ValueMatch>> = {},
  fieldOf: (name: string) => Field,
): readonly Need[] {
  return Object.entries(matches).flatMap(([name, match]): readonly Need[] => {
    if ('present' in match && !match.present) return [];
    return [fieldNeed(fieldOf(name), match)];
  });
}

function fieldNeed(field: Field, match: ValueMatch): Need {
  if ('exact' in match) return whole(field, [match.exact]);
  if ('in' in match) return whole(field, match.in);
  if ('prefix' in match) return affixed(field, 'start', match.prefix);
  if ('suffix' in match) return affixed(field, 'end', match.suffix);
  if ('regex' in match) return affixed(field, 'start', prefixOf(match.regex));
  return whole(field, undefined);
}

function whole(field: Field, values: readonly string[] | undefined): Need {
  return { field, part: 'whole', values };
}

/** What is empty says no more than that the field is there. */
function affixed(field: Field, part: Affix, text: string): Need {
  return text === '' ? whole(field, undefined) : { field, part, values: [text] };
}

/** Empty where nothing is known. */
function prefixOf(regex: string): string {
  const compiled = compileRegex(regex);
  return 'problem' in compiled ? '' : compiled.prefix;
}
