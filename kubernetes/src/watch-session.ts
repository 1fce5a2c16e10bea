import type { Readable } from 'node:stream';
import { statusError } from './answer-error.ts';
import { ApiError, isGone } from './api-error.ts';
import type { ApiClient } from './api-client.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Collection } from './resources.ts';
import { parseWatchEvent, type WatchEvent } from './watch-event.ts';

/** etcd takes 1.5 MB a request by default, which grows as JSON; what is beyond this is no Kubernetes object. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** Why a watch is over. */
export type WatchEnd =
  /** The server closed it in order, as it does after `timeoutSeconds` and when it drains. */
  | 'ended'
  /** The connection ended inside a line. */
  | 'cut'
  /** The version is too old (or, after a restored backup, too new): list anew. */
  | 'gone'
  /** 429. */
  | 'throttled'
  /** Another 4xx. */
  | 'refused'
  | 'failed'
  | 'unreachable'
  /** Nothing was heard for too long. */
  | 'silent'
  | 'malformed'
  /** An audit found that events had been missed. */
  | 'missed'
  | 'stopped';

export interface WatchSessionOptions {
  readonly client: ApiClient;
  readonly place: Collection;
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly silenceMs: number;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onEvent: (event: Exclude<WatchEvent, { type: 'ERROR' }>) => void;
}

export interface WatchOutcome {
  readonly end: WatchEnd;
  /** Absent: an end in order. */
  readonly error?: ApiError;
}

/** One watch from its request to its end; never rejects. */
export async function runWatchSession(options: WatchSessionOptions): Promise<WatchOutcome> {
  const { client, place, onOpen } = options;
  try {
    const body = await client.watch(place, options);
    onOpen();
    return await readEvents(body, options);
  } catch (error) {
    if (options.signal.aborted) return { end: endOfAbort(options.signal) };
    const known = asApiError(error);
    return { end: endOf(known), error: known };
  }
}

async function readEvents(body: Readable, { place, onEvent }: WatchSessionOptions): Promise<WatchOutcome> {
  const splitter = new LineSplitter(MAX_LINE_BYTES);
  // Leaving the loop in any way destroys the body, and with it the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    for (const line of splitter.push(chunk)) {
      const event = parseWatchEvent(line);
      if (event?.type === 'ERROR') throw statusError({ verb: 'watch', place }, event.status);
      if (event !== undefined) onEvent(event);
    }
  }
  return { end: splitter.pending > 0 ? 'cut' : 'ended' };
}

/** Who aborts says why. */
function endOfAbort({ reason }: AbortSignal): WatchEnd {
  return reason === 'missed' || reason === 'gone' ? reason : 'stopped';
}

function endOf(error: ApiError): WatchEnd {
  if (isGone(error) || isTooNew(error)) return 'gone';
  if (error.status === 429) return 'throttled';
  if (error.code === 'timeout') return 'silent';
  return error.code === 'aborted' ? 'stopped' : error.code;
}

/** `Too large resource version`: the server's history is shorter than what we saw. 400 is what it calls a version it cannot read. */
function isTooNew(error: ApiError): boolean {
  return (
    error.status === 400 || (error.status === 504 && error.message.includes('Too large resource version'))
  );
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof RangeError ? 'malformed' : 'unreachable';
  return new ApiError(`the watch broke: ${message}`, { code, cause: error });
}
