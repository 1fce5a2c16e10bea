import type { MatchRule, StickyKey, ValueMatch } from '@lanekeeper/protocol/model';
import type { CanarySettings } from '@lanekeeper/mesh-file/ingress-annotations/read-canary';

type Field = NonNullable<CanarySettings['cookie']>;

/** Conditions of a canary, each of which is enough; the first one of an Ingress' order comes first. */
export function canaryConditions(
  { header, query, cookie }: CanarySettings,
  percent: number,
  key: StickyKey | undefined,
): readonly MatchRule[] {
  return [
    ...(header === undefined ? [] : [{ headers: { [header.name]: valueOf(header) } }]),
    ...(query === undefined ? [] : [{ query: { [query.name]: valueOf(query) } }]),
    ...(cookie === undefined ? [] : [{ cookies: { [cookie.name]: valueOf(cookie) } }]),
    ...(percent === 0 ? [] : [{ percent, ...(key === undefined ? {} : { key }) }]),
  ];
}

/** A value beats a pattern; without either it is the word `always`. */
function valueOf({ value, pattern }: Field): ValueMatch {
  if (value !== undefined) return { exact: value };
  return pattern === undefined ? { exact: 'always' } : { regex: pattern };
}

/** Whether `never` keeps somebody out of what a later condition lets in: a lane's rules have no such word. */
export function hasNever({ header, query, cookie, weight = 0 }: CanarySettings): boolean {
  const words = [header, query, cookie].map(
    (field) => field !== undefined && field.value === undefined && field.pattern === undefined,
  );
  const first = words.indexOf(true);
  if (first === -1) return false;
  return weight > 0 || [header, query, cookie].slice(first + 1).some((field) => field !== undefined);
}

/** Of all requests, 0 to 1. */
export function shareOf({ weight = 0, weightTotal = 100 }: CanarySettings): number {
  return Math.min(weight / weightTotal, 1);
}

/**
 * Shares of several canaries of one place are parts of one draw; shares of lanes are drawn one after the other, each of what those
 * before it have left. In steps of 0.01.
 */
export function percentBehind(share: number, before: number): number {
  return before >= 1 ? 0 : Math.min(100, Math.round((share / (1 - before)) * 10_000) / 100);
}
