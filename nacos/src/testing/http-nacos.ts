import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { FakeAnswer, SeenRequest } from './http-exchange.ts';
import { FakeConfigs } from './http-configs.ts';
import { FakeServices } from './http-services.ts';
import { FakeUsers } from './http-users.ts';

/** What happens to a request instead of its answer. */
export type Fault = FakeAnswer | 'reset' | 'stall';

export interface HttpNacosOptions {
  readonly contextPath?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A real HTTP server that answers as the v1 API of Nacos does, and misbehaves when told to. */
export class HttpNacos {
  readonly users = new FakeUsers();
  readonly services = new FakeServices();
  readonly configs = new FakeConfigs();
  readonly requests: SeenRequest[] = [];
  /** What `GET /v1/console/server/state` tells; undefined: it has no console. */
  version: string | undefined = '1.4.6';
  /** Asked for each request; undefined: it is answered as it should. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  /** How long a request waits before anything is done with it. */
  holdMs: (request: SeenRequest) => number = () => 0;
  /** In the order of the answers. */
  readonly answered: SeenRequest[] = [];
  readonly #options: HttpNacosOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(options: HttpNacosOptions = {}) {
    this.#options = options;
  }

  get address(): SocketAddress {
    return { address: '127.0.0.1', port: this.#port };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** On the port of before, if it has been started before. */
  async start(port = this.#port): Promise<this> {
    const listener = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response);
    const { tls } = this.#options;
    const server = tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener);
    this.#server = server;
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** As if killed: every connection breaks. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    server.closeAllConnections();
    await closed;
  }

  seen(method: string, path: string): readonly SeenRequest[] {
    return this.requests.filter((request) => request.method === method && request.path === path);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const params = new URLSearchParams([...url.searchParams, ...new URLSearchParams(await text(request))]);
    const { contextPath = '/nacos' } = this.#options;
    const path = url.pathname.startsWith(contextPath) ? url.pathname.slice(contextPath.length) : url.pathname;
    const { method = '', headers } = request;
    const seen = { method, path, params, headers, atMs: performance.now() };
    this.requests.push(seen);
    const fault = this.fault(seen);
    if (fault === 'stall') return;
    if (fault === 'reset') return void request.socket.destroy();
    if (fault?.status === 0) return void request.socket.end('HTTP/1.1 0 \r\nConnection: close\r\n\r\n');
    const ended = new AbortController();
    response.once('close', () => ended.abort());
    const holdMs = this.holdMs(seen);
    if (holdMs > 0) await sleep(holdMs);
    const answer = fault ?? (await this.#answer(seen, ended.signal));
    response.writeHead(answer.status, {
      'content-type': answer.contentType ?? 'application/json;charset=UTF-8',
    });
    response.end(answer.body);
    this.answered.push(seen);
  }

  async #answer(request: SeenRequest, signal: AbortSignal): Promise<FakeAnswer> {
    // Open to all, also where everything else wants a token.
    if (request.path === '/v1/console/server/state' && this.version !== undefined) {
      return { status: 200, body: JSON.stringify({ version: this.version, standalone_mode: 'standalone' }) };
    }
    const login = this.users.answer(request);
    if (login !== undefined) return login;
    return (
      this.services.answer(request) ??
      (await this.configs.answer(request, signal)) ?? { status: 404, body: 'no such resource' }
    );
  }
}
