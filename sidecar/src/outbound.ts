import type { RequestHandler, StreamHandler } from './exchange/exchange.ts';
import { beginExchange, openStream, type DirectionParts } from './request-flow.ts';
import { decideOutbound } from './route/decide-outbound.ts';
import { decideStream } from './route/decide-stream.ts';

/** What the application sends: find its lane and the callee's endpoint in it, stamp the tag, carry it there. */
export function createOutbound(parts: DirectionParts): RequestHandler & StreamHandler {
  const { onDemand } = parts;
  return {
    ...(onDemand === undefined ? {} : { prepare: onDemand.beforeRequest }),
    begin(head, connection) {
      const decision = decideOutbound(head, connection, parts.context());
      return beginExchange(parts, { head, connection, decision });
    },
    open(connection) {
      return openStream(parts, connection, decideStream(connection, parts.context()));
    },
    malformed: parts.exchanges.malformed,
  };
}
