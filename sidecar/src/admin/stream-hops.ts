import type { ServerResponse } from 'node:http';
import { compileFilter, type HopRing } from '../exchange/hop-ring.ts';
import { HopStream, type HopStreamLimits } from './hop-stream.ts';
import { checkQuery, parameter, problem, type Endpoint } from './endpoint.ts';
import { checkStatus, FILTER_PARAMETERS, readFilter } from './get-hops.ts';

/** Each stream costs its share of every request; people look with one or two. */
const MAX_STREAMS = 32;

/** `GET /hops/stream`: each hop as an event `hop` whose id is the hop's. */
export function streamHops(
  hops: Pick<HopRing, 'since' | 'subscribe' | 'toHop' | 'idOf'>,
  limits: Partial<HopStreamLimits> = {},
): Endpoint {
  let open = 0;
  return ({ query, headers }) => {
    const mistake = checkQuery(query, [...FILTER_PARAMETERS, 'after']) ?? checkStatus(query);
    if (mistake !== undefined) return mistake;
    if (open >= MAX_STREAMS) {
      return problem(429, 'too-many-streams', `${MAX_STREAMS} streams are open already; close one`);
    }
    const lastId = headers['last-event-id'];
    const after = (typeof lastId === 'string' ? lastId : undefined) ?? parameter(query, 'after');
    const matches = compileFilter(readFilter(query));
    return {
      kind: 'stream',
      open(response: ServerResponse) {
        open++;
        const stream = new HopStream(response, (record) => [hops.idOf(record), hops.toHop(record)], limits);
        for (const record of hops.since(after)) if (matches(record)) stream.replay(record);
        const leave = hops.subscribe((record) => {
          if (matches(record)) stream.send(record);
        });
        response.once('close', () => {
          open--;
          leave();
          stream.close();
        });
      },
    };
  };
}
