import { status } from '@grpc/grpc-js';

/** Stable code of why a stream was refused or ended -> the status that tells the sidecar what to do (protocol/discovery.ts). */
const STATUS_OF = {
  age: status.OK,
  draining: status.OK,
  closed_by_sidecar: status.OK,
  token_absent: status.UNAUTHENTICATED,
  token_refused: status.UNAUTHENTICATED,
  token_of_no_pod: status.PERMISSION_DENIED,
  identity_mismatch: status.PERMISSION_DENIED,
  reviewer_unavailable: status.UNAVAILABLE,
  not_synced: status.UNAVAILABLE,
  too_many_streams: status.UNAVAILABLE,
  hello_expected: status.INVALID_ARGUMENT,
  hello_overdue: status.INVALID_ARGUMENT,
  malformed_message: status.INVALID_ARGUMENT,
  too_many_interests: status.RESOURCE_EXHAUSTED,
  slow_consumer: status.RESOURCE_EXHAUSTED,
  replaced: status.ABORTED,
  connection_lost: status.CANCELLED,
  internal: status.INTERNAL,
} as const;

export type EndCode = keyof typeof STATUS_OF;

/** Ends a stream. The message is for the log and for the sidecar: it never quotes a token. */
export class StreamEnd extends Error {
  readonly code: EndCode;
  readonly status: number;

  constructor(code: EndCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StreamEnd';
    this.code = code;
    this.status = STATUS_OF[code];
  }

  /** What the sidecar reads. */
  get details(): string {
    return `${this.code}: ${this.message}`;
  }
}

/** Anything that was thrown, as the end of a stream. */
export function asStreamEnd(error: unknown): StreamEnd {
  if (error instanceof StreamEnd) return error;
  return new StreamEnd('internal', 'the control plane made a mistake; its log says which', { cause: error });
}
