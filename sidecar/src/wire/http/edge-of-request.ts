import type { IncomingMessage } from 'node:http';
import type { ProxyError } from '../../proxy-error.ts';
import type { Mirrors } from '../edge/copies.ts';
import { EdgeWork, wantsWork } from '../edge/edge-work.ts';
import { hasToken, isHopByHop, nominatedFields } from '../hop-by-hop.ts';
import { isRepeatable, type PlainRequest } from '../plain-request.ts';
import type { Downstream } from './client-answer.ts';
import type { Decided } from './forward.ts';
import { announcesBody } from './request-body.ts';

export interface EdgeEvents {
  readonly mirrors: Mirrors | undefined;
  readonly timedOut: (error: ProxyError) => void;
  readonly tooLarge: (error: ProxyError) => void;
}

/** What the route of an HTTP/1 request wants; undefined almost always. */
export function edgeWork(down: Downstream, decided: Decided, events: EdgeEvents): EdgeWork | undefined {
  const { edge } = decided.exchange;
  if (!wantsWork(edge)) return undefined;
  const { mirrors, timedOut, tooLarge } = events;
  const { method } = decided.checked.head;
  return new EdgeWork({
    edge,
    timedOut,
    tooLarge,
    isRepeatable: isRepeatable({ method, isEmpty: !announcesBody(down.request) }),
    copies: () =>
      edge.mirrors === undefined || down.upgradeHead !== undefined
        ? undefined
        : mirrors?.open(
            edge.mirrors,
            plainRequest(down.request, decided),
            edge.upstreamProtocol ?? 'http/1.1',
          ),
  });
}

/** The request as it goes upstream, but for the exchange's edits. */
export function plainRequest(request: IncomingMessage, { checked, exchange }: Decided): PlainRequest {
  const { head, target } = checked;
  return {
    method: head.method,
    authority: exchange.edge?.authority ?? head.authority,
    path: exchange.edge?.path ?? target,
    fields: endToEndFields(request),
    isEmpty: !announcesBody(request),
  };
}

function endToEndFields({ rawHeaders, headers }: IncomingMessage): string[] {
  const nominated = nominatedFields(headers.connection);
  const fields: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const lower = name.toLowerCase();
    if (lower !== 'host' && !isHopByHop(lower, nominated)) fields.push(name, rawHeaders[at + 1] ?? '');
  }
  if (hasToken(String(headers.te ?? ''), 'trailers')) fields.push('te', 'trailers');
  return fields;
}
