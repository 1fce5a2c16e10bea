import type { RequestHandler, StreamHandler } from './exchange/exchange.ts';
import { beginExchange, openStream, type DirectionParts } from './request-flow.ts';
import { decideGateway } from './route/decide-gateway.ts';
import { decideStream } from './route/decide-stream.ts';

/** What comes from outside the mesh: strip the tag unless it is trusted, colour by rule, route by host and path. */
export function createGateway(parts: DirectionParts): RequestHandler & StreamHandler {
  const { onDemand } = parts;
  return {
    ...(onDemand === undefined ? {} : { prepare: () => onDemand.beforeRoute() }),
    begin(head, connection) {
      const decision = decideGateway(head, connection, parts.context());
      return beginExchange(parts, { head, connection, decision });
    },
    open(connection) {
      return openStream(parts, connection, decideStream(connection, parts.context()));
    },
    malformed: parts.exchanges.malformed,
  };
}
