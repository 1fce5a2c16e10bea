import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from './api-error.ts';
import type { Credentials } from './credentials.ts';
import { openPodPort, describePort, type PodPort } from './pod-stream.ts';

export type { PodPort };

export interface PodAnswer {
  readonly status: number;
  readonly body: string;
}

export interface PodRequestOptions {
  readonly method?: 'GET' | 'PUT' | 'POST';
  /** Until the answer is whole; default 10 s. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** Asks the HTTP server at a pod's port. Rejects with an {@link ApiError} where it cannot be reached or says nothing in time. */
export async function askPod(
  credentials: Credentials,
  at: PodPort,
  path: string,
  { method = 'GET', timeoutMs = TIMEOUT_MS }: PodRequestOptions = {},
): Promise<PodAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const connection = await openPodPort(credentials, at, signal);
    try {
      return await ask(connection, { method, path, signal });
    } finally {
      connection.destroy();
    }
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    const [code, why] = signal.aborted
      ? (['timeout', `no answer in ${timeoutMs / 1000} s`] as const)
      : (['unreachable', cause instanceof Error ? cause.message : String(cause)] as const);
    throw new ApiError(`${describePort(at)} cannot be asked: ${why}`, { code, cause });
  }
}

function ask(
  connection: Duplex,
  { method, path, signal }: { method: string; path: string; signal: AbortSignal },
): Promise<PodAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PodAnswer>();
  const headers = { host: '127.0.0.1', accept: 'application/json', connection: 'close' };
  const sent = request({ method, path, headers, signal, createConnection: () => connection }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', reject);
    response.once('end', () =>
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  sent.once('error', reject);
  sent.end();
  return promise;
}
