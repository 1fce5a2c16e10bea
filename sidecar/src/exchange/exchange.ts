import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Connection } from '../listen/connection.ts';
import type { ProxyError } from '../proxy-error.ts';
import type { HeaderEdit, RequestHead } from '../wire/head.ts';
import type { LocalReply } from '../wire/local-reply.ts';

/**
 * One request's life as a driver sees it. The driver asks a {@link RequestHandler} for it once the head is read, carries bytes
 * to `target`, and reports; it knows nothing of lanes. Exactly one `end` a request, whatever happens.
 */
export interface Exchange {
  /** Set: answer with this error, connect nowhere. */
  readonly refusal: ProxyError | undefined;
  /** Where to connect now; changes after a successful {@link Exchange.retry}. */
  readonly target: SocketAddress;
  readonly requestEdits: readonly HeaderEdit[];
  readonly responseEdits: readonly HeaderEdit[];
  /** What a gateway's route wants beyond a plain relay; undefined almost always. */
  readonly edge?: EdgeHandling | undefined;
  /**
   * The attempt on `target` failed with `error`. True: `target` is another endpoint now, try it. False: answer with the error.
   * Only for errors marked retryable; the budget and the number of attempts are kept here.
   */
  retry(error: ProxyError): boolean;
  /** The final response's head came from the target. */
  responded(status: number): void;
  /** The request is over: response complete, refused, failed or abandoned. Idempotent. */
  end(result: ExchangeResult): void;
}

/** What a driver does for a gateway's route. Every field is absent where nothing is wanted. */
export interface EdgeHandling {
  /** Set: answer so, connect nowhere (a redirect, a CORS preflight). */
  readonly reply?: LocalReply;
  /** Path and query sent upstream instead of the request's own. */
  readonly path?: string;
  /** Host or `:authority` sent upstream instead of the request's own. */
  readonly authority?: string;
  /** What is spoken upstream, whatever the client speaks; absent: the same as the client. */
  readonly upstreamProtocol?: 'http/1.1' | 'h2';
  /** A larger request body is answered by 413 (`body-too-large`), before the upstream has all of it. */
  readonly maxBodyBytes?: number;
  /** Milliseconds for connecting; from the end of the request's head to the end of the response; for one attempt until its response's head. */
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly attemptTimeoutMs?: number;
  /** Where copies go; what comes back, or does not, is nobody's concern. */
  readonly mirrors?: readonly { readonly target: SocketAddress; readonly edits: readonly HeaderEdit[] }[];
}

export interface ExchangeResult {
  /** What the client got (or would have got). */
  readonly status: number;
  readonly grpcStatus?: number;
  readonly error?: ProxyError;
}

/** A direction (inbound, outbound, gateway) as the drivers call it: once a request. Never throws. */
export interface RequestHandler {
  /**
   * To be called before `begin`, and waited for where it gives a promise: the destination is being asked for. The promise never
   * rejects. Absent: everything is known already.
   */
  prepare?(head: RequestHead, connection: Connection): Promise<void> | undefined;
  begin(head: RequestHead, connection: Connection): Exchange;
  /** A message was refused before there was a head to decide on; for metrics and the log. */
  malformed(error: ProxyError, connection: Connection): void;
}

/** The same for a connection whose bytes are carried unread (TLS, opaque TCP). */
export interface StreamHandler {
  open(connection: Connection): Exchange;
}
