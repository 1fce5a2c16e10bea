export type ApiErrorCode =
  /** No connection, or it broke before the answer was whole. */
  | 'unreachable'
  /** No answer, or no further byte of it, in time. */
  | 'timeout'
  /** Answered with a 4xx: asking again in the same way helps only for 408, 410, 429. */
  | 'refused'
  /** Answered with a 5xx. */
  | 'failed'
  /** Answered with something that is not what the API promises. */
  | 'malformed'
  /** The caller gave up (`AbortSignal`), or the client is closed. */
  | 'aborted';

export interface ApiErrorDetails {
  readonly code: ApiErrorCode;
  /** HTTP status; 0 where there was no answer. */
  readonly status?: number;
  /** `reason` of the server's Status (`NotFound`, `Conflict`, `Forbidden`, `Expired`, …); empty where it gave none. */
  readonly reason?: string;
  /** How long the server asks to wait. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A request to the API server that did not succeed. The message says what was asked, what came, and for RBAC what is missing. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: ApiErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ApiError';
    this.code = details.code;
    this.status = details.status ?? 0;
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs;
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Somebody else has changed the object: read it again. (`AlreadyExists` is a 409 too, and another matter.) */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason !== 'AlreadyExists';
}

/** The version or page that was asked for is gone: list anew. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired');
}
