import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { createBridges } from '../../bridge/bridges.ts';
import { createHttpDriver } from '../../http/http-driver.ts';
import { createHttp2Driver } from '../../http2/http2-driver.ts';
import {
  listen,
  startDriver,
  type CreateDriver,
  type RunningDriver,
  type StartOptions,
} from '../start-driver.ts';

export type Version = 'http/1.1' | 'h2';

/** Who speaks what: the client, and the upstream. */
export interface Versions {
  readonly client: Version;
  readonly upstream: Version;
}

export const ALL_VERSIONS: readonly Versions[] = [
  { client: 'http/1.1', upstream: 'http/1.1' },
  { client: 'h2', upstream: 'h2' },
  { client: 'h2', upstream: 'http/1.1' },
  { client: 'http/1.1', upstream: 'h2' },
];

/** The driver of the client's version with the bridges to the other one. */
export function bridgedDriver(client: Version): CreateDriver {
  return (parts) => {
    const bridges = createBridges(parts.limits);
    const options = { ...parts, ...bridges };
    const driver = client === 'h2' ? createHttp2Driver(options) : createHttpDriver(options);
    return {
      accept: (socket, connection) => driver.accept(socket, connection),
      async drain() {
        await driver.drain();
        await bridges.drain();
      },
      close() {
        driver.close();
        bridges.close();
      },
    };
  };
}

/** The driver for `versions` in front of `options.targets`. */
export function startEdge(versions: Versions, options: StartOptions): Promise<RunningDriver> {
  const edge = { ...options.edge, upstreamProtocol: versions.upstream };
  return startDriver(bridgedDriver(versions.client), { ...options, edge });
}

/** The two versions' requests as far as node:http2's compatible interface is the same. */
export type OriginListener = (request: IncomingMessage, response: ServerResponse) => void;

export interface EdgeOrigin {
  readonly target: SocketAddress;
  /** Requests that came. */
  readonly requests: IncomingMessage[];
  readonly sockets: Socket[];
}

/** An application that speaks one version. */
export async function startOriginOf(version: Version, onRequest: OriginListener): Promise<EdgeOrigin> {
  const requests: IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const listener: OriginListener = (request, response) => {
    requests.push(request);
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    onRequest(request, response);
  };
  const server = version === 'h2' ? http2Server(listener) : createHttp1Server(listener);
  server.on('connection', (socket: Socket) => sockets.push(socket));
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { target: { address: '127.0.0.1', port }, requests, sockets };
}

function http2Server(listener: OriginListener): ReturnType<typeof createHttp2Server> {
  const server = createHttp2Server({}, (request, response) =>
    // What the tests use of them is the same.
    listener(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  server.on('session', (session: ServerHttp2Session) => session.on('error', () => undefined));
  return server;
}
