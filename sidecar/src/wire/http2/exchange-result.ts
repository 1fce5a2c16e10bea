import type { ExchangeResult } from '../../exchange/exchange.ts';
import { PROXY_ERRORS, ProxyError } from '../../proxy-error.ts';
import { isGrpc, type RawFields } from './fields.ts';

export interface Outcome {
  readonly request: RawFields;
  /** Why the proxy ended it; undefined: it did not. */
  readonly failure: ProxyError | undefined;
  /** The whole response was handed to the client's connection. */
  readonly isWritten: boolean;
  /** Of the upstream's response, where its head came. */
  readonly status: number | undefined;
  readonly grpcStatus: number | undefined;
}

/** What a finished exchange is recorded as. A local reply to a gRPC call is a 200 with a grpc-status, as the client saw it. */
export function exchangeResult(outcome: Outcome): ExchangeResult {
  const { failure, isWritten, status, grpcStatus } = outcome;
  if (failure) return failed(outcome, failure);
  if (!isWritten) {
    const error = new ProxyError('downstream-closed', 'the client gave the request up');
    return { status: status ?? PROXY_ERRORS[error.code].http, error };
  }
  return { status: status ?? 0, ...(grpcStatus === undefined ? {} : { grpcStatus }) };
}

function failed(outcome: Outcome, error: ProxyError): ExchangeResult {
  const row = PROXY_ERRORS[error.code];
  if (outcome.status !== undefined) return { status: outcome.status, error };
  return isGrpc(outcome.request) ? { status: 200, grpcStatus: row.grpc, error } : { status: row.http, error };
}
