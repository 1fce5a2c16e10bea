import { EdgeWork, wantsWork, type EdgeWorkOptions } from '../edge/edge-work.ts';
import { isRepeatable } from '../plain-request.ts';
import { fieldValue } from './fields.ts';
import { plainRequest } from './plain-fields.ts';
import type { RelayOptions } from './relay.ts';

/** What the route of an HTTP/2 request wants; undefined almost always. */
export function edgeWork(
  { exchange, fields, isEmpty, mirrors }: Omit<RelayOptions, 'pool'>,
  events: Pick<EdgeWorkOptions, 'timedOut' | 'tooLarge'>,
): EdgeWork | undefined {
  const { edge } = exchange;
  if (!wantsWork(edge)) return undefined;
  return new EdgeWork({
    edge,
    ...events,
    isRepeatable: isRepeatable({ method: fieldValue(fields, ':method') ?? '', isEmpty }),
    copies: () =>
      edge.mirrors === undefined
        ? undefined
        : mirrors?.open(edge.mirrors, plainRequest(fields, isEmpty, edge), edge.upstreamProtocol ?? 'h2'),
  });
}
