import type { ValueMatch } from '@lanekeeper/protocol/model';
import type { Condition } from './condition.ts';
import { valueTest } from './match-value.ts';
import type { RequestView } from './request-view.ts';
import { UNSALTED, type KeyHash } from './share.ts';

type NamedMatches = Readonly<Record<string, ValueMatch>>;
type FieldReader = (view: RequestView, name: string) => string | undefined;

/** Names do not mind case; a repeated field is matched as its joined value. */
export function headerCondition(matches: NamedMatches, hash: KeyHash): Condition | undefined {
  const lowerCase = Object.entries(matches).map(([name, match]) => [name.toLowerCase(), match] as const);
  return allOf(lowerCase, hash, (view, name) => view.header(name));
}

/** See {@link RequestView.cookie}. */
export function cookieCondition(matches: NamedMatches, hash: KeyHash): Condition | undefined {
  return allOf(Object.entries(matches), hash, (view, name) => view.cookie(name));
}

/** See {@link RequestView.parameter}. */
export function queryCondition(matches: NamedMatches, hash: KeyHash): Condition | undefined {
  return allOf(Object.entries(matches), hash, (view, name) => view.parameter(name));
}

/** Any of `regions` in the header with which the edge says where a client is. */
export function regionCondition(regions: readonly string[], header: string): Condition | undefined {
  return regions.length === 0 ? undefined : headerCondition({ [header]: { in: regions } }, UNSALTED);
}

function allOf(
  matches: readonly (readonly [name: string, match: ValueMatch])[],
  hash: KeyHash,
  read: FieldReader,
): Condition | undefined {
  const tests = matches.map(([name, match]) => ({ name, test: valueTest(match, hash) }));
  const [only] = tests;
  if (only === undefined) return undefined;
  if (tests.length === 1) return (view) => only.test(read(view, only.name));
  return (view) => tests.every(({ name, test }) => test(read(view, name)));
}
