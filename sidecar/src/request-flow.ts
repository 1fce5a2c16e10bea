import { HEADERS } from '@lanekeeper/protocol/headers';
import type { MeshSettings } from '@lanekeeper/protocol/model';
import type { Exchange } from './exchange/exchange.ts';
import type { Exchanges, Routing } from './exchange/request-exchange.ts';
import type { Connection } from './listen/connection.ts';
import type { OnDemand } from './on-demand.ts';
import type { DecisionContext } from './route/decision-context.ts';
import type { Decision } from './route/decision.ts';
import { edgeHandling } from './route/edge/edge-handling.ts';
import { requestEdits as editRequest } from './route/request-edits.ts';
import { responseEdits as editResponse } from './route/response-edits.ts';
import { retryDecision } from './route/retry-decision.ts';
import type { RequestHead } from './wire/head.ts';

/** What every direction is made of. */
export interface DirectionParts {
  /** The world of the newest snapshot; one object until the next one comes. */
  readonly context: () => DecisionContext;
  readonly exchanges: Exchanges;
  /** Absent: the whole mesh is known. */
  readonly onDemand?: OnDemand | undefined;
}

/** A request whose first decision is made. */
export interface DecidedRequest {
  readonly head: RequestHead;
  readonly connection: Connection;
  readonly decision: Decision;
  /** Called once, when the request is over. */
  readonly onEnd?: (() => void) | undefined;
}

/** From the decision to an exchange: what changes in the heads, and how a retry decides again by the newest snapshot. */
export function beginExchange(parts: DirectionParts, request: DecidedRequest): Exchange {
  const { head, connection, decision, onEnd } = request;
  const { direction } = connection;
  const { requestEdits, responseEdits, edge } = routingOf(
    decision,
    request,
    parts.context().snapshot.settings,
  );
  const hop = head.headers.get(HEADERS.hop);
  // Written out: it is made for every request.
  return parts.exchanges.begin({
    head,
    connection,
    decision,
    requestEdits,
    responseEdits,
    edge,
    onEnd,
    redecide: (tried) => {
      const context = parts.context();
      const next = retryDecision(decision, { direction, tried, hop }, context) ?? decision;
      return routingOf(next, request, context.snapshot.settings);
    },
  });
}

function routingOf(
  decision: Decision,
  { head, connection }: DecidedRequest,
  settings: MeshSettings,
): Routing {
  const { direction } = connection;
  return {
    decision,
    requestEdits: editRequest(decision, head, direction, settings),
    responseEdits: editResponse(decision, head, settings),
    edge:
      decision.edge === undefined
        ? undefined
        : edgeHandling(decision, head, (other) => editRequest(other, head, direction, settings)),
  };
}

/** The same for a connection whose bytes are carried unread. */
export function openStream(parts: DirectionParts, connection: Connection, decision: Decision): Exchange {
  return parts.exchanges.openStream({
    connection,
    decision,
    redecide: (tried) => {
      const next = retryDecision(decision, { direction: connection.direction, tried }, parts.context());
      return { decision: next ?? decision };
    },
  });
}
