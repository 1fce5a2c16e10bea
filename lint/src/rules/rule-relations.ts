import type { MatchRule, ValueMatch } from '@lanekeeper/protocol/model';
import { coversHost, coversPath, excludesHost, excludesPath } from './target-relations.ts';
import { coversValue, excludesValue } from './value-relations.ts';

/** Whether every request that `narrow` is for is surely one that `wide` is for. `false` where nobody can tell. */
export function coversRule(wide: MatchRule, narrow: MatchRule): boolean {
  // Also all of the keys are none of the requests that have no key.
  if (wide.percent !== undefined) return false;
  if (narrow.overwrite === true && wide.overwrite !== true) return false;
  return CONDITIONS.every(({ covers }) => covers(wide, narrow));
}

/** Whether surely no request is one that both are for. `false` where nobody can tell. */
export function excludesRule(a: MatchRule, b: MatchRule): boolean {
  return CONDITIONS.some(({ excludes }) => excludes(a, b));
}

/** What one condition of a rule says of another rule's. */
interface Relation {
  covers(wide: MatchRule, narrow: MatchRule): boolean;
  excludes(a: MatchRule, b: MatchRule): boolean;
}

interface ItemRelation<T> {
  readonly covers: (wide: T, narrow: T) => boolean;
  readonly excludes: (a: T, b: T) => boolean;
}

const CONDITIONS: readonly Relation[] = [
  ofList(({ hosts }) => hosts, { covers: coversHost, excludes: excludesHost }),
  ofList(({ paths }) => paths, { covers: coversPath, excludes: excludesPath }),
  ofList(({ methods }) => methods, { covers: isSame, excludes: isOther }),
  ofList(({ regions }) => regions, { covers: isSame, excludes: isOther }),
  // Two different networks may hold the same address.
  ofList(({ sourceCidrs }) => sourceCidrs, { covers: isSame, excludes: () => false }),
  ofValues(({ headers }) => headers),
  ofValues(({ cookies }) => cookies),
  ofValues(({ query }) => query),
];

function isSame(a: string, b: string): boolean {
  return a === b;
}

function isOther(a: string, b: string): boolean {
  return a !== b;
}

/** Any item of the list. */
function ofList<T>(get: (rule: MatchRule) => readonly T[] | undefined, items: ItemRelation<T>): Relation {
  return {
    covers(wide, narrow) {
      const candidates = get(wide);
      if (candidates === undefined) return true;
      return get(narrow)?.every((item) => candidates.some((other) => items.covers(other, item))) ?? false;
    },
    excludes(a, b) {
      const others = get(b);
      if (others === undefined) return false;
      return get(a)?.every((item) => others.every((other) => items.excludes(item, other))) ?? false;
    },
  };
}

type Values = Readonly<Record<string, ValueMatch>>;

/** A header may be called `constructor`. */
function ownValue(values: Values | undefined, name: string): ValueMatch | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}

/** All of the named values. */
function ofValues(get: (rule: MatchRule) => Values | undefined): Relation {
  return {
    covers(wide, narrow) {
      const others = get(narrow);
      return Object.entries(get(wide) ?? {}).every(([name, match]) => {
        const other = ownValue(others, name);
        return other !== undefined && coversValue(match, other);
      });
    },
    excludes(a, b) {
      const others = get(b);
      return Object.entries(get(a) ?? {}).some(([name, match]) => {
        const other = ownValue(others, name);
        return other !== undefined && excludesValue(match, other);
      });
    },
  };
}
