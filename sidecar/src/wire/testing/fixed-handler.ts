import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { EdgeHandling, Exchange, ExchangeResult, RequestHandler } from '../../exchange/exchange.ts';
import type { Connection } from '../../listen/connection.ts';
import type { ProxyError } from '../../proxy-error.ts';
import type { HeaderEdit, RequestHead } from '../head.ts';

/** What a driver told one exchange, in order. */
export interface RecordedExchange {
  readonly head: RequestHead;
  readonly connection: Connection;
  /** Errors that the driver asked to retry. */
  readonly retries: ProxyError[];
  /** Statuses passed to `responded`. */
  readonly responded: number[];
  /** Results passed to `end`; a correct driver leaves exactly one. */
  readonly ends: ExchangeResult[];
}

export interface FixedHandler extends RequestHandler {
  readonly exchanges: RecordedExchange[];
  /** Errors passed to `malformed`. */
  readonly refused: ProxyError[];
}

export interface FixedHandlerOptions {
  /** Targets in order: the first for the first attempt, the next after each granted retry. */
  readonly targets: readonly SocketAddress[];
  readonly requestEdits?: readonly HeaderEdit[];
  readonly responseEdits?: readonly HeaderEdit[];
  /** Of every request. */
  readonly edge?: EdgeHandling | undefined;
  /** Set for requests that are to be refused. */
  readonly prepare?: RequestHandler['prepare'];
  readonly refusal?: (head: RequestHead) => ProxyError | undefined;
}

const NOWHERE: SocketAddress = { address: '127.0.0.1', port: 1 };

/** A request handler for driver tests: it sends every request to a given target and records what the driver reports. */
export function fixedHandler(options: FixedHandlerOptions): FixedHandler {
  const exchanges: RecordedExchange[] = [];
  const refused: ProxyError[] = [];
  return {
    exchanges,
    refused,
    ...(options.prepare === undefined ? {} : { prepare: options.prepare }),
    begin(head, connection) {
      const record = { head, connection, retries: [], responded: [], ends: [] } satisfies RecordedExchange;
      exchanges.push(record);
      return fixedExchange(options, record);
    },
    malformed: (error) => void refused.push(error),
  };
}

function fixedExchange(options: FixedHandlerOptions, record: RecordedExchange): Exchange {
  let attempt = 0;
  return {
    refusal: options.refusal?.(record.head),
    get target() {
      return options.targets[attempt] ?? NOWHERE;
    },
    requestEdits: options.requestEdits ?? [],
    responseEdits: options.responseEdits ?? [],
    edge: options.edge,
    retry(error) {
      record.retries.push(error);
      if (!error.retryable || attempt + 1 >= options.targets.length) return false;
      attempt += 1;
      return true;
    },
    responded: (status) => void record.responded.push(status),
    end: (result) => void record.ends.push(result),
  };
}
