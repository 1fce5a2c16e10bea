import type { ValueMatch } from '@lanekeeper/protocol/model';
import type { Condition } from './condition.ts';
import { valueTest } from './match-value.ts';
import type { RequestView } from './request-view.ts';

type NamedMatches = Readonly<Record<string, ValueMatch>>;
type FieldReader = (view: RequestView, name: string) => string | undefined;

/** Names do not mind case; a repeated field is matched as its joined value. */
export function headerCondition(matches: NamedMatches, salt: string): Condition | undefined {
  const lowerCase = Object.entries(matches).map(([name, match]) => [name.toLowerCase(), match] as const);
  return allOf(lowerCase, salt, (view, name) => view.header(name));
}

/** See {@link RequestView.cookie}. */
export function cookieCondition(matches: NamedMatches, salt: string): Condition | undefined {
  return allOf(Object.entries(matches), salt, (view, name) => view.cookie(name));
}

/** See {@link RequestView.parameter}. */
export function queryCondition(matches: NamedMatches, salt: string): Condition | undefined {
  return allOf(Object.entries(matches), salt, (view, name) => view.parameter(name));
}

/** Any of `regions` in the header with which the edge says where a client is. */
export function regionCondition(regions: readonly string[], header: string): Condition | undefined {
  return regions.length === 0 ? undefined : headerCondition({ [header]: { in: regions } }, '');
}

function allOf(
  matches: readonly (readonly [name: string, match: ValueMatch])[],
  salt: string,
  read: FieldReader,
): Condition | undefined {
  const tests = matches.map(([name, match]) => ({ name, test: valueTest(match, salt) }));
  const [only] = tests;
  if (only === undefined) return undefined;
  if (tests.length === 1) return (view) => only.test(read(view, only.name));
  return (view) => tests.every(({ name, test }) => test(read(view, name)));
}
