import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { Server, type ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { DISCOVERY_METHOD, MAX_CLIENT_MESSAGE_BYTES } from '@lanekeeper/protocol/discovery';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { createDiscoveryCall, type DiscoveryCall } from './discovery-call.ts';

export interface DiscoveryServerOptions {
  readonly credentials: ServerCredentials;
  readonly accept: (call: DiscoveryCall) => void;
  readonly limits: ConnectionLimits;
}

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** A connection without a first stream after so long is closed. */
  readonly firstStreamMs: number;
  /** A connection whose last stream ended so long ago is closed. */
  readonly idleMs: number;
  /** After so long without a sign of life the peer is asked for one … */
  readonly keepaliveMs: number;
  /** … and given so long to answer. */
  readonly keepaliveTimeoutMs: number;
  /** A connection takes no new streams after some such time, so that sidecars spread over all replicas again. */
  readonly connectionAgeMs: number;
}

export interface DiscoveryServer {
  listen(at: SocketAddress): Promise<SocketAddress>;
  /** Takes no new connections, and no new streams on those there are. */
  refuseNew(): void;
  close(): void;
}

type GrpcCall = ServerDuplexStream<Buffer, Buffer>;

const identity = (bytes: Buffer): Buffer => bytes;

/** Streams beyond the one of its sidecar: it may open the next one while the old one ends. */
const STREAMS_PER_CONNECTION = 4;

/** The gRPC end of discovery: connections, streams and bytes; what they mean is decided elsewhere. */
export function createDiscoveryServer(options: DiscoveryServerOptions): DiscoveryServer {
  const { limits } = options;
  const grpc = new Server({
    'grpc.max_receive_message_length': MAX_CLIENT_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.max_connection_age_ms': limits.connectionAgeMs,
    'grpc.max_connection_idle_ms': limits.idleMs,
    'grpc.enable_channelz': 0,
  });
  const sockets = new Sockets(limits.firstStreamMs);
  const handle = (call: GrpcCall): void => {
    options.accept(createDiscoveryCall(call, () => sockets.destroy(call.getPeer())));
    sockets.keep(call.getPeer());
  };
  grpc.register(DISCOVERY_METHOD, handle, identity, identity, 'bidi');
  const injector = grpc.createConnectionInjector(options.credentials);
  // Its own listener: grpc-js gives no way to end a connection whose peer reads nothing, and no bound on their number.
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    injector.injectConnection(socket);
  });
  listener.maxConnections = limits.maxConnections;
  return {
    listen: (at) => listen(listener, at),
    refuseNew() {
      if (listener.listening) listener.close();
      injector.drain(NEVER_MS);
    },
    close() {
      if (listener.listening) listener.close();
      sockets.destroyAll();
      grpc.forceShutdown();
    },
  };
}

/** Longest delay of a timer; who drains ends the streams itself. */
const NEVER_MS = 2 ** 31 - 1;

async function listen(listener: NetServer, { address, port }: SocketAddress): Promise<SocketAddress> {
  listener.listen({ host: address, port });
  await once(listener, 'listening');
  const at = listener.address();
  if (at === null || typeof at === 'string') throw new TypeError(`${address} is no IP address`);
  return { address: at.address, port: at.port };
}

/** Open connections by peer as gRPC calls name it. */
class Sockets {
  readonly #firstStreamMs: number;
  readonly #sockets = new Map<string, { readonly socket: Socket; readonly timer: NodeJS.Timeout }>();

  constructor(firstStreamMs: number) {
    this.#firstStreamMs = firstStreamMs;
  }

  add(socket: Socket): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const timer = setTimeout(() => socket.destroy(), this.#firstStreamMs);
    this.#sockets.set(peer, { socket, timer });
    // TLS and HTTP/2 above see it as well; without a listener of its own it would end the program.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(peer);
    });
  }

  /** It has brought a stream. */
  keep(peer: string): void {
    clearTimeout(this.#sockets.get(peer)?.timer);
  }

  destroy(peer: string): void {
    this.#sockets.get(peer)?.socket.destroy();
  }

  destroyAll(): void {
    for (const { socket } of this.#sockets.values()) socket.destroy();
  }
}
