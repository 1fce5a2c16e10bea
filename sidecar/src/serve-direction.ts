import type { Direction } from '@lanekeeper/protocol/hop';
import type { AppProtocol } from '@lanekeeper/protocol/model';
import type { Log } from '@lanekeeper/runtime/log';
import type { Gauge } from '@lanekeeper/runtime/metrics';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { DetectConfig, Limits } from './config.ts';
import type { RequestHandler, StreamHandler } from './exchange/exchange.ts';
import { createAcceptor } from './listen/accept.ts';
import { bindAll, type Listener } from './listen/bind.ts';
import type { Connection } from './listen/connection.ts';
import type { OriginalDestination } from './listen/original-destination.ts';
import { createBridges } from './wire/bridge/bridges.ts';
import { createHttp2Driver } from './wire/http2/http2-driver.ts';
import { createHttpDriver } from './wire/http/http-driver.ts';
import { createTcpDriver } from './wire/tcp/tcp-driver.ts';

export interface DirectionOptions {
  readonly direction: Direction;
  /** The setting that names the addresses, for messages. */
  readonly setting: string;
  readonly addresses: readonly SocketAddress[];
  readonly handler: RequestHandler & StreamHandler;
  readonly limits: Limits;
  readonly detect: DetectConfig;
  readonly protocolOf: (connection: Connection) => AppProtocol;
  /** See the acceptor's. */
  readonly prepare?: ((connection: Connection) => Promise<void> | undefined) | undefined;
  readonly originalDestination: OriginalDestination;
  readonly isOwnListener: (at: SocketAddress) => boolean;
  readonly connections: Gauge;
  readonly log: Log;
}

/** Pools of databases rest longer than HTTP's connections do; the same hour as Istio's. */
const OPAQUE_IDLE_MS = 3_600_000;

/** A direction that listens and serves. */
export interface ServedDirection {
  readonly direction: Direction;
  readonly addresses: readonly SocketAddress[];
  /** Stops accepting, finishes what is in flight. */
  drain(): Promise<void>;
  /** Destroys what is left. */
  close(): void;
}

/** listen -> original destination -> protocol -> driver -> handler, from top to bottom. */
export async function serveDirection(options: DirectionOptions): Promise<ServedDirection> {
  const { direction, handler, limits, log } = options;
  const bridges = createBridges(limits);
  const http = createHttpDriver({
    ...bridges,
    handler,
    limits,
    warn: (message, cause) => log.warn({ direction, err: cause }, message),
    onTunnel: (socket, connection) => acceptor.acceptTunnel(socket, connection),
  });
  const http2 = createHttp2Driver({ ...bridges, handler, limits, log });
  const tcp = createTcpDriver({ handler, limits: { ...limits, idleTimeoutMs: OPAQUE_IDLE_MS } });
  const drivers = { http, http2, tcp };
  const acceptor = createAcceptor({ ...options, drivers, idleTimeoutMs: limits.idleTimeoutMs });
  const listeners = await bindAll(
    options.addresses.map((address) => ({
      name: options.setting,
      address,
      maxConnections: limits.maxConnections,
      onConnection(socket) {
        options.connections.add(1);
        socket.once('close', () => options.connections.add(-1));
        acceptor.accept(socket);
      },
      onDropped: (peer) =>
        log.warn({ direction, peer, maxConnections: limits.maxConnections }, 'connection_refused'),
    })),
  );
  return {
    direction,
    addresses: listeners.map((listener) => listener.address),
    async drain() {
      const stopped = listeners.map((listener) => listener.stop());
      // First whoever may still come to a driver, then the drivers: once drained, they take nobody.
      await acceptor.drain();
      await Promise.all([...stopped, ...Object.values(drivers).map((driver) => driver.drain())]);
      await bridges.drain();
    },
    close() {
      acceptor.close();
      for (const driver of Object.values(drivers)) driver.close();
      bridges.close();
      for (const listener of listeners) closeListener(listener);
    },
  };
}

function closeListener(listener: Listener): void {
  void listener.stop();
  listener.destroy();
}
