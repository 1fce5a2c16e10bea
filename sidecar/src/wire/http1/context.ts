import type { Limits } from '../../config.ts';
import type { RequestHandler } from '../../exchange/exchange.ts';
import type { ResponseReader } from './response-reader.ts';
import type { Http1Pool } from './upstream-pool.ts';

/** What all connections of one driver share. */
export interface Http1Context {
  readonly handler: RequestHandler;
  readonly limits: Limits;
  readonly pool: Http1Pool;
  /** One head at a time is read, from its first byte to its last change. */
  readonly responses: ResponseReader;
  isDraining(): boolean;
  /** A monotonic clock that is read now and then: as exact as the shortest time that is waited for needs it. */
  nowMs(): number;
  /** Told what should not happen. */
  warn(message: string, cause: unknown): void;
}
