/** A request's head without what belongs to one protocol version or connection: what bridges and mirrors write anew. */
export interface PlainRequest {
  readonly method: string;
  /** Host, perhaps with a port, as it goes upstream; empty where HTTP/1.0 names none. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value, as they came; no pseudo-headers, no `host`, nothing hop-by-hop but `te: trailers`. */
  readonly fields: readonly string[];
  /** There is no body and there are no trailers. */
  readonly isEmpty: boolean;
}

/** Methods that may be sent again when it is unknown whether they were received (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether a request can go out a second time, to whomever: that harms nobody, and its body need not be kept. */
export function isRepeatable({ method, isEmpty }: Pick<PlainRequest, 'method' | 'isEmpty'>): boolean {
  return isEmpty && IDEMPOTENT.has(method);
}
