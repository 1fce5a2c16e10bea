import type { ClientRequest, IncomingMessage, InformationEvent, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyServer, type ProxyServer } from 'http-proxy-3';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { OutgoingHeaders } from './request-headers.ts';
import type { UpstreamPool } from './upstream-pool.ts';

/** What one attempt on an upstream tells, in order; nothing comes after `failed`. */
export interface UpstreamListener {
  /** The request was made; its head is not sent yet. Called before {@link callUpstream} returns. */
  created(upstream: ClientRequest): void;
  informed(information: InformationEvent): void;
  answered(response: IncomingMessage): void;
  /** The upstream speaks another protocol from here on, beginning with `head`. */
  switched(response: IncomingMessage, socket: Socket, head: Buffer): void;
  failed(cause: unknown, upstream: ClientRequest): void;
}

export interface UpstreamCall {
  readonly target: SocketAddress;
  readonly method: string;
  /** The request-target as it goes on the wire. */
  readonly path: string;
  readonly headers: OutgoingHeaders;
  /** Instead of the general one. */
  readonly connectTimeoutMs?: number | undefined;
  /** The downstream connection; all that is asked of it is whether it is still there. */
  readonly socket: Pick<Socket, 'destroyed'>;
}

export interface UpstreamCaller {
  call(call: UpstreamCall, listener: UpstreamListener): void;
}

export interface UpstreamCallerOptions {
  readonly pool: UpstreamPool;
  readonly connectTimeoutMs: number;
  readonly maxHeadBytes: number;
}

export function createUpstreamCaller(options: UpstreamCallerOptions): UpstreamCaller {
  const proxy: ProxyServer = createProxyServer({
    agent: options.pool,
    selfHandleResponse: true,
    // The path is set on the request itself: on its way through these options it would be normalised.
    ignorePath: true,
    prependPath: false,
    // Without it the path is parsed as a URL first, only to be ignored.
    toProxy: true,
  });
  // Errors are taken from the request itself; without a listener the proxy would throw them.
  proxy.on('error', ignore);
  return {
    call(call, listener) {
      const { address, port } = call.target;
      proxy.web(new RequestFacade(call, listener).asRequest(), RESPONSE_FACADE, {
        target: { host: address, port, protocol: 'http:' },
        method: call.method,
        connectTimeout: call.connectTimeoutMs ?? options.connectTimeoutMs,
        // The object that becomes the options of http.request.
        ssl: { maxHeaderSize: options.maxHeadBytes },
      });
    },
  };
}

/**
 * Stands for the downstream request in http-proxy-3. It shows an empty method (the proxy's `deleteLength` pass would turn a chunked
 * DELETE into one without a body and leave its bytes as the next request), and takes the upstream request where the proxy
 * would pipe the body into it.
 */
class RequestFacade {
  readonly method = '';
  readonly url = '/';
  readonly httpVersionMajor = 1;
  readonly headers: OutgoingHeaders;
  readonly socket: Pick<Socket, 'destroyed'>;
  readonly #path: string;
  readonly #listener: UpstreamListener;

  constructor(call: UpstreamCall, listener: UpstreamListener) {
    this.headers = call.headers;
    this.socket = call.socket;
    this.#path = call.path;
    this.#listener = listener;
  }

  /** http-proxy-3 uses of the request what this class has, and nothing more (2.0.1, web-incoming.js). */
  asRequest(): IncomingMessage {
    return this as unknown as IncomingMessage;
  }

  on(): this {
    return this;
  }

  pipe(upstream: ClientRequest): ClientRequest {
    upstream.path = this.#path;
    upstream.maxHeadersCount = 0;
    if (this.headers['Connection'] === undefined && this.headers['connection'] === undefined) {
      upstream.removeHeader('connection');
    }
    observe(upstream, this.#listener);
    return upstream;
  }
}

/** Stands for the downstream response; `finished` keeps http-proxy-3 away from the upstream's response. */
const RESPONSE_FACADE = {
  finished: true,
  headersSent: true,
  writableFinished: true,
  on: ignore,
} as unknown as ServerResponse;

function observe(upstream: ClientRequest, listener: UpstreamListener): void {
  upstream.on('response', (response: IncomingMessage) => listener.answered(response));
  upstream.on('information', (information: InformationEvent) => listener.informed(information));
  upstream.on('upgrade', (response: IncomingMessage, socket: Socket, head: Buffer) =>
    listener.switched(response, socket, head),
  );
  upstream.on('connect', (response: IncomingMessage, socket: Socket, head: Buffer) =>
    listener.switched(response, socket, head),
  );
  upstream.on('error', (error: unknown) => listener.failed(error, upstream));
  // A last resort: whatever ended the request, it is known to have ended.
  upstream.on('close', () => listener.failed(undefined, upstream));
  listener.created(upstream);
}

function ignore(): void {}
