import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { ApiError } from './api-error.ts';
import { answerError, brokenError, malformedAnswer, type Asked } from './answer-error.ts';
import { createAgents, type Agents } from './agents.ts';
import type { Credentials, Grant } from './credentials.ts';

export interface ApiClientOptions {
  readonly credentials: Credentials;
  /** Program and version, for the server's audit log: `lanekeeper-injector/0.1.0`. */
  readonly userAgent: string;
}

export interface ApiRequest extends Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Asking twice does no harm, though it is no GET. */
  readonly isRepeatable?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Until the answer is whole; default 15 s. */
  readonly timeoutMs?: number | undefined;
}

export interface StreamRequest extends ApiRequest {
  /** Silence after which the connection counts as dead. */
  readonly silenceMs: number;
}

export interface Requester {
  /** The body of a 2xx as JSON; an empty one is undefined. */
  json(request: ApiRequest): Promise<unknown>;
  /** The body of a 2xx as it comes. Destroying it ends the connection. */
  stream(request: StreamRequest): Promise<Readable>;
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 15_000;
/** Of a connection with its handshake, and for the head of an answer: an API server under load takes seconds, a dead one forever. */
const HEAD_TIMEOUT_MS = 10_000;
/** An error's Status is some hundred bytes. */
const MAX_ERROR_BYTES = 65_536;

interface Context extends ApiClientOptions {
  readonly agents: Agents;
}

export function createRequester(options: ApiClientOptions): Requester {
  const closed = new AbortController();
  const context: Context = { ...options, agents: createAgents(options.credentials.server) };
  return {
    async json(request) {
      const cancel = cancelledBy([closed.signal, request.signal], request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
      try {
        return await readJson(await answerOf(context, request, cancel.signal), request);
      } catch (error) {
        throw brokenError(request, cancel.signal.aborted ? cancel.signal.reason : error);
      } finally {
        cancel.release();
      }
    },
    async stream({ silenceMs, ...request }) {
      const head = cancelledBy([closed.signal, request.signal], HEAD_TIMEOUT_MS);
      try {
        const response = await answerOf(context, request, head.signal);
        const cancel = cancelledBy([closed.signal, request.signal]);
        cancel.signal.addEventListener('abort', () => response.destroy(abortedError(request)));
        response.once('close', cancel.release);
        endWhenSilent(response, silenceMs, () => response.destroy(silenceError(request, silenceMs)));
        return response;
      } catch (error) {
        throw brokenError(request, head.signal.aborted ? head.signal.reason : error);
      } finally {
        head.release();
      }
    },
    close() {
      closed.abort();
      context.agents.close();
    },
  };
}

/** A 2xx, its body unread. Asks once more with fresh credentials after a 401, and over a new connection where an idle one was dead. */
async function answerOf(
  context: Context,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const first = await exchange(context, request, { signal, fresh: false });
  const response = first.statusCode === 401 ? await retryFresh(context, request, first, signal) : first;
  if (isSuccess(response)) return response;
  throw answerError(request, response, await readText(response, MAX_ERROR_BYTES));
}

async function retryFresh(
  context: Context,
  request: ApiRequest,
  refused: IncomingMessage,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  refused.resume();
  return exchange(context, request, { signal, fresh: true });
}

async function exchange(
  context: Context,
  request: ApiRequest,
  { signal, fresh }: { readonly signal: AbortSignal; readonly fresh: boolean },
): Promise<IncomingMessage> {
  const grant = await context.credentials.grant(fresh);
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const outgoing = open(context, request, grant, signal);
    try {
      return await responseOf(outgoing, request.body);
    } catch (error) {
      // The server had closed the idle connection at that moment; what only reads may be asked again.
      const isRepeatable = request.method === 'GET' || request.isRepeatable === true;
      if (attempt > 0 || !isRepeatable || !outgoing.reusedSocket || signal.aborted) throw error;
    }
  }
}

function open(context: Context, request: ApiRequest, grant: Grant, signal: AbortSignal): ClientRequest {
  const { server } = context.credentials;
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/$/, '')}${request.path}`;
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return send(url, {
    method: request.method,
    agent: context.agents.agentFor(grant),
    signal,
    headers: {
      ...grant.headers,
      accept: 'application/json',
      'user-agent': context.userAgent,
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
  });
}

function responseOf(outgoing: ClientRequest, body: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    // Past its 9 probes a dead peer is noticed even where nothing is asked of it.
    outgoing.once('socket', (socket) => socket.setKeepAlive(true, 15_000));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function readJson(response: IncomingMessage, request: ApiRequest): Promise<unknown> {
  const text = await readText(response, Number.POSITIVE_INFINITY);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformedAnswer(request, error);
  }
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The socket's own timer: reset by each byte, also those inside TLS, and not touched by the clock of the wall. */
function endWhenSilent(response: IncomingMessage, silenceMs: number, end: () => void): void {
  const { socket } = response;
  socket.setTimeout(silenceMs);
  socket.on('timeout', end);
  response.once('close', () => socket.off('timeout', end));
}

function silenceError(request: Asked, silenceMs: number): ApiError {
  return new ApiError(`no byte for ${silenceMs} ms while asked to ${request.verb}: the connection is dead`, {
    code: 'timeout',
  });
}

function abortedError(request: Asked): ApiError {
  return new ApiError(`given up: ${request.verb}`, { code: 'aborted' });
}

interface Cancel {
  readonly signal: AbortSignal;
  release(): void;
}

/** `AbortSignal.any` with an end: the sources live as long as the process and would keep every request's listener. */
function cancelledBy(sources: readonly (AbortSignal | undefined)[], timeoutMs?: number): Cancel {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const expire = (): void => controller.abort(new DOMException('no answer in time', 'TimeoutError'));
  const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
  for (const source of sources) {
    if (source?.aborted === true) abort();
    else source?.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      for (const source of sources) source?.removeEventListener('abort', abort);
    },
  };
}
