import type { HopFilter, HopRing } from '../exchange/hop-ring.ts';
import { isStatusFilter } from '../exchange/hop-ring.ts';
import { checkQuery, json, parameter, problem, type AdminReply, type Endpoint } from './endpoint.ts';

export const FILTER_PARAMETERS = ['lane', 'service', 'trace', 'status'] as const;

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** `GET /hops`: `{hops: [...], last}`, newest first; `/hops/stream?after=<last>` goes on from here without a gap. */
export function getHops({ hops }: { readonly hops: Pick<HopRing, 'read' | 'lastId'> }): Endpoint {
  return ({ query }) => {
    const mistake = checkQuery(query, [...FILTER_PARAMETERS, 'limit']) ?? checkStatus(query);
    if (mistake !== undefined) return mistake;
    const limit = Number(parameter(query, 'limit') ?? DEFAULT_LIMIT);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
      return problem(400, 'bad-limit', `limit is a number from 1 to ${MAX_LIMIT}`);
    }
    return json({ hops: hops.read(readFilter(query), limit), last: hops.lastId() });
  };
}

export function checkStatus(query: URLSearchParams): AdminReply | undefined {
  const status = parameter(query, 'status');
  if (status === undefined || isStatusFilter(status)) return undefined;
  return problem(400, 'bad-status', 'status is a number (503), a class (5xx) or failed');
}

export function readFilter(query: URLSearchParams): HopFilter {
  const given = FILTER_PARAMETERS.map((name) => [name, parameter(query, name)]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as HopFilter;
}
