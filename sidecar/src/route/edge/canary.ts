import type { EdgeCanary } from '@lanekeeper/protocol/edge';
import { compileRegex } from '@lanekeeper/mesh-file/safe-regex';
import type { RequestView } from '../../lane/request-view.ts';
import type { Backend } from './edge-table.ts';

/** What one condition of a canary says of a request; undefined: nothing, the next one is asked. */
type Verdict = 'yes' | 'no' | undefined;
type Reader = (view: RequestView) => string | undefined;
type Ask = (view: RequestView) => Verdict;

export interface Canary {
  readonly name: string;
  readonly backend: Backend;
  /** Header, then query, then cookie. */
  readonly ask: Ask;
  /** 0 to 1, of all requests of which `ask` says nothing. */
  readonly share: number;
}

interface FieldRule {
  readonly name: string;
  readonly value?: string;
  readonly pattern?: string;
}

/** As ingress-nginx 1.x decides (balancer.lua, `route_to_alternative_balancer`), beside it MSE's conditions on queries and values of cookies. */
export function compileCanary(canary: EdgeCanary, backend: Backend): Canary {
  const { name, header, query, cookie } = canary;
  const asks: Ask[] = [];
  if (header !== undefined) asks.push(fieldAsk(header, headerReader(header.name)));
  if (query !== undefined) asks.push(fieldAsk(query, (view) => view.parameter(query.name)));
  if (cookie !== undefined) {
    asks.push(fieldAsk(cookie, (view) => view.cookie(cookie.name)));
  }
  return { name, backend, ask: (view) => firstVerdict(asks, view), share: shareOf(canary) };
}

function firstVerdict(asks: readonly Ask[], view: RequestView): Verdict {
  for (const ask of asks) {
    const verdict = ask(view);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

function headerReader(name: string): Reader {
  const lowerCase = name.toLowerCase();
  return (view) => view.header(lowerCase);
}

/** With a value `always` and `never` mean nothing, and it beats a pattern; a pattern that is none keeps everybody out. */
function fieldAsk({ value, pattern }: FieldRule, read: Reader): Ask {
  if (value !== undefined && value !== '') return (view) => (read(view) === value ? 'yes' : undefined);
  if (pattern !== undefined && pattern !== '') return patternAsk(pattern, read);
  return (view) => {
    const found = read(view);
    if (found === 'always') return 'yes';
    return found === 'never' ? 'no' : undefined;
  };
}

/** It may match anywhere in the value, as PCRE's do. */
function patternAsk(pattern: string, read: Reader): Ask {
  const regex = compileRegex(`(?s:.*?)(?:${pattern})(?s:.*)`);
  return (view) => {
    const found = read(view);
    if (found === undefined) return undefined;
    if ('problem' in regex) return 'no';
    return regex.test(found) ? 'yes' : undefined;
  };
}

/** A total of 100 or less counts as 100. */
function shareOf({ weight = 0, weightTotal = 100 }: EdgeCanary): number {
  const total = weightTotal > 100 ? weightTotal : 100;
  return Math.min(Math.max(weight, 0) / total, 1);
}

/**
 * The first canary that takes the request. One draw for all of them: each has its own part of it, so that the shares of several are
 * exact, and the part of one that says no goes to nobody else.
 */
export function pickCanary(
  canaries: readonly Canary[],
  view: RequestView,
  random: () => number,
): Canary | undefined {
  let drawn: number | undefined;
  let end = 0;
  for (const canary of canaries) {
    const start = end;
    end += canary.share;
    const verdict = canary.ask(view);
    if (verdict === 'yes') return canary;
    if (verdict === 'no' || canary.share === 0) continue;
    drawn ??= random();
    if (drawn >= start && drawn < end) return canary;
  }
  return undefined;
}
