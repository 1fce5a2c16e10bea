import type { RequestHandler, StreamHandler } from './exchange/exchange.ts';
import type { InFlightLanes } from './lane/in-flight.ts';
import type { SeenIds } from './lane/seen-ids.ts';
import { readTraceIds } from './lane/trace-ids.ts';
import { beginExchange, openStream, type DirectionParts } from './request-flow.ts';
import { decideInbound } from './route/decide-inbound.ts';
import { decideStream } from './route/decide-stream.ts';

export interface InboundParts extends DirectionParts {
  readonly inFlight: InFlightLanes;
  readonly seenIds: SeenIds;
}

/**
 * What reaches the application: check that it belongs here, then remember its lane by its ids and for as long as it is in
 * flight, so that what the application sends meanwhile can be told to be of it.
 */
export function createInbound(parts: InboundParts): RequestHandler & StreamHandler {
  const { inFlight, seenIds } = parts;
  return {
    begin(head, connection) {
      const context = parts.context();
      const decision = decideInbound(head, connection, context);
      const isServedHere = decision.refusal === undefined && decision.escape === undefined;
      if (!isServedHere) return beginExchange(parts, { head, connection, decision });
      const { lane } = decision.evidence;
      seenIds.record(readTraceIds(head.headers, context.snapshot.settings.traceHeaders), lane);
      inFlight.enter(lane);
      return beginExchange(parts, { head, connection, decision, onEnd: () => inFlight.leave(lane) });
    },
    open(connection) {
      return openStream(parts, connection, decideStream(connection, parts.context()));
    },
    malformed: parts.exchanges.malformed,
  };
}
