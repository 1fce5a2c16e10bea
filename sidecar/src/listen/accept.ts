import type { Socket } from 'node:net';
import type { Direction } from '@lanekeeper/protocol/hop';
import type { AppProtocol } from '@lanekeeper/protocol/model';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { DetectConfig } from '../config.ts';
import type { Driver } from '../wire/driver.ts';
import type { TcpDriver } from '../wire/tcp/tcp-driver.ts';
import { awaitFirstBytes, type Outcome, type Wait } from './await-first-bytes.ts';
import type { Connection } from './connection.ts';
import { bareAddress, type OriginalDestination } from './original-destination.ts';

export interface DriverTable {
  readonly http: Driver;
  readonly http2: Driver;
  readonly tcp: TcpDriver;
}

export interface AcceptorOptions {
  readonly direction: Direction;
  readonly drivers: DriverTable;
  readonly detect: DetectConfig;
  /** How long a client is waited for where only HTTP can come. */
  readonly idleTimeoutMs: number;
  readonly originalDestination: OriginalDestination;
  /** A destination that is one of our own listeners is none: connecting to it would be a loop. */
  readonly isOwnListener: (at: SocketAddress) => boolean;
  /** What the configuration says of the port that a connection is for. `auto`: the first bytes decide. */
  readonly protocolOf: (connection: Connection) => AppProtocol;
  /** Asks for what `protocolOf` and the drivers need to know of the connection. Undefined: it is known. Never rejects. */
  readonly prepare?: ((connection: Connection) => Promise<void> | undefined) | undefined;
}

/** Takes connections from a listener to the driver of their protocol. */
export interface Acceptor {
  accept(socket: Socket): void;
  /** For bytes that come through a tunnel (after CONNECT): the same detection on a connection that is described already. */
  acceptTunnel(socket: Socket, connection: Connection): void;
  /**
   * Ends the connections on which nothing has been said, after a grace for clients that are just about to; those that have begun
   * to speak go on. Resolves once no connection is left that could still come to a driver.
   */
  drain(): Promise<void>;
  /** Destroys the connections whose protocol is still open. */
  close(): void;
  /** Connections whose protocol is still open. */
  readonly undecided: number;
}

/** A client that connected before the drain and is slower than this with its first byte has to connect again. */
const SILENT_GRACE_MS = 1_000;

/** A connection whose destination is being asked for; it is not silent, it has not been listened to. */
const PREPARING: Wait = {
  begin: () => undefined,
  stop: () => Buffer.alloc(0),
  hasSpoken: () => true,
};

export function createAcceptor(options: AcceptorOptions): Acceptor {
  const undecided = new Map<Socket, Wait>();
  let isDraining = false;
  let whenDecided: (() => void) | undefined;

  function route(socket: Socket, connection: Connection): void {
    // For good: a driver takes the socket over, but a reset may come in any moment, also between the two.
    socket.on('error', ignore);
    if (socket.destroyed) return;
    const prepared = options.prepare?.(connection);
    if (prepared === undefined) return choose(socket, connection);
    undecided.set(socket, PREPARING);
    void prepared.then(() => {
      if (!socket.destroyed) choose(socket, connection);
      if (undecided.get(socket) === PREPARING) decided(socket);
    });
  }

  function choose(socket: Socket, connection: Connection): void {
    const protocol = expectedProtocol(connection, options);
    if (protocol === 'tcp') options.drivers.tcp.accept(socket, connection);
    else detect(socket, connection, protocol);
  }

  function detect(socket: Socket, connection: Connection, protocol: Exclude<AppProtocol, 'tcp'>): void {
    const boundMs = protocol === 'auto' ? options.detect.timeoutMs : options.idleTimeoutMs;
    const wait = awaitFirstBytes(socket, { firstMs: boundMs, restMs: boundMs }, (outcome, head) => {
      decided(socket);
      if (outcome === 'silent' && protocol === 'auto' && socket.readableLength === 0) {
        if (isDraining) socket.destroy();
        else letServerSpeak(socket, connection, options);
        return;
      }
      const driver = chooseDriver(outcome, protocol, options.drivers);
      if (driver === undefined) socket.destroy();
      else if (driver === options.drivers.tcp) options.drivers.tcp.accept(socket, connection, head);
      else driver.accept(socket, connection);
    });
    undecided.set(socket, wait);
    wait.begin();
  }

  function decided(socket: Socket): void {
    undecided.delete(socket);
    // A turn later: by then the driver has the connection.
    if (undecided.size === 0 && whenDecided !== undefined) setImmediate(whenDecided);
  }

  return {
    accept: (socket) => route(socket, describe(socket, options)),
    acceptTunnel(socket, connection) {
      const isLoop = connection.destination !== undefined && options.isOwnListener(connection.destination);
      route(socket, isLoop ? { ...connection, destination: undefined } : connection);
    },
    async drain() {
      isDraining = true;
      if (undecided.size === 0) return;
      const empty = new Promise<void>((resolve) => (whenDecided = resolve));
      const grace = setTimeout(() => {
        for (const [socket, wait] of undecided) if (!wait.hasSpoken()) socket.destroy();
      }, SILENT_GRACE_MS);
      await empty;
      clearTimeout(grace);
    },
    close() {
      for (const socket of undecided.keys()) socket.destroy();
    },
    get undecided() {
      return undecided.size;
    },
  };
}

function ignore(): void {}

function describe(socket: Socket, options: AcceptorOptions): Connection {
  const peer = { address: bareAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
  const local = { address: bareAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
  const original = options.originalDestination(socket);
  const destination = original !== undefined && options.isOwnListener(original) ? undefined : original;
  return { direction: options.direction, peer, local, destination };
}

function expectedProtocol(connection: Connection, { detect, protocolOf }: AcceptorOptions): AppProtocol {
  const { direction, destination } = connection;
  if (destination !== undefined && detect.tcpPorts.has(destination.port)) return 'tcp';
  const protocol = protocolOf(connection);
  // To us as a forward proxy: opaque bytes would have nowhere to go, and only a request can tell.
  return protocol === 'auto' && direction === 'outbound' && destination === undefined ? 'http' : protocol;
}

/** Undefined: there is nobody to carry it for. */
function chooseDriver(
  outcome: Outcome,
  protocol: Exclude<AppProtocol, 'tcp'>,
  drivers: DriverTable,
): Driver | undefined {
  if (outcome === 'http1') return drivers.http;
  if (outcome === 'http2') return drivers.http2;
  if (outcome === 'tls') return drivers.tcp;
  if (outcome === 'gone') return undefined;
  if (protocol === 'auto') return drivers.tcp;
  // Where only HTTP is spoken, other bytes are malformed HTTP, which the driver refuses; silence is just an idle connection.
  return outcome === 'tcp' ? drivers.http : undefined;
}

/**
 * The bound has passed, so the server may be the one to speak first: it is connected. Whoever speaks first then decides, for the
 * client may as well be an HTTP client that dialled ahead of its requests, and those must find their lane.
 */
function letServerSpeak(socket: Socket, connection: Connection, { drivers, detect }: AcceptorOptions): void {
  const wait = awaitFirstBytes(socket, { firstMs: undefined, restMs: detect.timeoutMs }, (outcome, head) => {
    if (outcome === 'gone') return;
    const driver = chooseDriver(outcome, 'auto', drivers);
    if (driver === undefined || driver === drivers.tcp) {
      stream.commit(head);
      return;
    }
    stream.release();
    driver.accept(socket, connection);
  });
  const stream = drivers.tcp.acceptSilent(socket, connection, () => stream.commit(wait.stop()));
  wait.begin();
}
