import { Agent as HttpAgent, request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { NacosError } from '../nacos-error.ts';
import type { TlsOptions } from '../server-options.ts';

export type Params = Readonly<Record<string, string>>;

/** One request to one member of a server. */
export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the context path, without a query. */
  readonly path: string;
  readonly query?: Params;
  /** Sent as a form; for what must not stand in an access log as well. */
  readonly form?: Params;
  readonly headers?: Params;
  /** From the connection to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  /** 0: it says `HTTP/1.1 0`, as a Nacos without its console does to wrong credentials. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpCaller {
  /**
   * Whatever the server answers, refusals included. Rejects with a NacosError: `nacos_unreachable`, `nacos_timeout`,
   * `nacos_answer_malformed` (too long), `nacos_closed`.
   */
  call(member: SocketAddress, call: HttpCall): Promise<HttpAnswer>;
  /** Ends all connections; what is under way rejects. */
  close(): void;
}

export interface HttpCallerOptions {
  readonly tls: TlsOptions | undefined;
  /** Connections to one member; further calls wait for one. */
  readonly maxConnections: number;
}

/** Tomcat closes a connection that was idle for 20 s (60 s on newer servers); one that we close first is never asked in that moment. */
const IDLE_MS = 15_000;
/** 10,000 instances of one service with large metadata are some 10 MB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export function createHttpCaller({ tls, maxConnections }: HttpCallerOptions): HttpCaller {
  const closed = new AbortController();
  const pool = { keepAlive: true, timeout: IDLE_MS, maxSockets: maxConnections, scheduling: 'lifo' } as const;
  const agent = tls === undefined ? new HttpAgent(pool) : new HttpsAgent({ ...pool, ...authorities(tls) });
  return {
    async call(member, call) {
      const timeout = AbortSignal.timeout(call.timeoutMs);
      const signal = AbortSignal.any([closed.signal, timeout, ...(call.signal ? [call.signal] : [])]);
      try {
        return await exchange(() => open(member, call, agent, signal), call);
      } catch (error) {
        if (closed.signal.aborted) throw new NacosError('nacos_closed', 'this Nacos client has been closed');
        throw brokenCall(member, timeout.aborted ? call.timeoutMs : undefined, error);
      }
    },
    close() {
      closed.abort();
      agent.destroy();
    },
  };
}

function authorities({ ca }: TlsOptions): { readonly ca?: string } {
  return ca === undefined ? {} : { ca };
}

/** All that we ask may be asked twice; so a connection that the server had just closed costs a second try, not an error. */
async function exchange(begin: () => ClientRequest, call: HttpCall): Promise<HttpAnswer> {
  const first = begin();
  try {
    return await answerOf(first, call);
  } catch (error) {
    if (codeOf(error) === 'HPE_INVALID_STATUS') return { status: 0, headers: {}, body: Buffer.alloc(0) };
    if (!first.reusedSocket || !isConnectionLoss(error)) throw error;
    return answerOf(begin(), call);
  }
}

function isConnectionLoss(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function open(
  member: SocketAddress,
  { method, path, query, form, headers }: HttpCall,
  agent: HttpAgent,
  signal: AbortSignal,
): ClientRequest {
  // A request that is aborted before it begins leaves its connection behind.
  signal.throwIfAborted();
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  const send = agent instanceof HttpsAgent ? requestHttps : requestHttp;
  return send({
    ...{ host: member.address, port: member.port, method, path: path + search, agent, signal },
    headers: {
      'user-agent': 'lanekeeper',
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }),
      ...headers,
    },
  });
}

async function answerOf(outgoing: ClientRequest, { form }: HttpCall): Promise<HttpAnswer> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(form === undefined ? undefined : new URLSearchParams(form).toString());
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new TooLong();
    chunks.push(chunk);
  }
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}

class TooLong extends Error {}

function brokenCall(member: SocketAddress, timeoutMs: number | undefined, error: unknown): NacosError {
  const at = formatAddress(member);
  if (timeoutMs !== undefined) {
    return new NacosError('nacos_timeout', `${at} has not answered within ${timeoutMs} ms`);
  }
  if (error instanceof TooLong) {
    return new NacosError('nacos_answer_malformed', `${at} answers with more than ${MAX_BODY_BYTES} bytes`);
  }
  const cause = withoutContents(error);
  return new NacosError('nacos_unreachable', `cannot speak to ${at}: ${cause.message}`, { cause });
}

/** What Node attaches to its errors (the bytes that could not be parsed, for one) may hold a token. */
function withoutContents(error: unknown): Error {
  // Several addresses of one name: the errors of all are inside, and no message.
  const root: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return new Error(root instanceof Error ? root.message : String(root));
}
