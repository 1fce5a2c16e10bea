import type { Socket } from 'node:net';
import type { Direction } from '@lanekeeper/protocol/hop';
import type { AppProtocol } from '@lanekeeper/protocol/model';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { DetectConfig } from '../config.ts';
import type { Driver } from '../wire/driver.ts';
import type { Connection } from './connection.ts';
import { detectProtocol, type Detected } from './detect-protocol.ts';
import { bareAddress, type OriginalDestination } from './original-destination.ts';

export interface DriverTable {
  readonly http: Driver;
  readonly http2: Driver;
  readonly tcp: Driver;
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
}

/** Takes connections from a listener to the driver of their protocol. */
export interface Acceptor {
  accept(socket: Socket): void;
  /** For bytes that come through a tunnel (after CONNECT): the same detection on a connection that is described already. */
  acceptTunnel(socket: Socket, connection: Connection): void;
  /** Ends the connections on which nothing has been said yet; those that are undecided go on. */
  drain(): void;
  /** Destroys the connections whose protocol is still open. */
  close(): void;
  /** Connections whose protocol is still open. */
  readonly undecided: number;
}

export function createAcceptor(options: AcceptorOptions): Acceptor {
  const undecided = new Set<Socket>();
  let isDraining = false;

  function route(socket: Socket, connection: Connection): void {
    // For good: a driver takes the socket over, but a reset may come in any moment, also between the two.
    socket.on('error', ignore);
    if (socket.destroyed) return;
    const protocol = isKnownTcp(connection, options) ? 'tcp' : options.protocolOf(connection);
    if (protocol === 'tcp') options.drivers.tcp.accept(socket, connection);
    else detect(socket, connection, protocol);
  }

  function detect(socket: Socket, connection: Connection, protocol: Exclude<AppProtocol, 'tcp'>): void {
    undecided.add(socket);
    awaitFirstBytes(
      socket,
      protocol === 'auto' ? options.detect.timeoutMs : options.idleTimeoutMs,
      (outcome) => {
        undecided.delete(socket);
        const driver = chooseDriver(outcome, protocol, options.drivers);
        if (driver === undefined) socket.destroy();
        else driver.accept(socket, connection);
      },
    );
    if (isDraining) endIfSilent(socket);
  }

  return {
    accept: (socket) => route(socket, describe(socket, options)),
    acceptTunnel(socket, connection) {
      const isLoop = connection.destination !== undefined && options.isOwnListener(connection.destination);
      route(socket, isLoop ? { ...connection, destination: undefined } : connection);
    },
    drain() {
      isDraining = true;
      for (const socket of undecided) endIfSilent(socket);
    },
    close() {
      for (const socket of undecided) socket.destroy();
    },
    get undecided() {
      return undecided.size;
    },
  };
}

function ignore(): void {}

function endIfSilent(socket: Socket): void {
  if (socket.readableLength === 0) socket.destroy();
}

function describe(socket: Socket, options: AcceptorOptions): Connection {
  const peer = { address: bareAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
  const local = { address: bareAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
  const original = options.originalDestination(socket);
  const destination = original !== undefined && options.isOwnListener(original) ? undefined : original;
  return { direction: options.direction, peer, local, destination };
}

function isKnownTcp({ destination }: Connection, { detect }: AcceptorOptions): boolean {
  return destination !== undefined && detect.tcpPorts.has(destination.port);
}

/** How the wait for the first bytes ended. `silent`: the bound passed; `ended`: the client sent its end; `gone`: it is lost. */
type Outcome = Exclude<Detected, 'more'> | 'silent' | 'ended' | 'gone';

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
 * Calls back once, as soon as the protocol is known, at the bound, or when the connection ends. Bytes that were looked at are
 * back in the socket by then, and no listener of ours is left on it.
 */
function awaitFirstBytes(socket: Socket, boundMs: number, settle: (outcome: Outcome) => void): void {
  let seen = 0;
  const finish = (outcome: Outcome): void => {
    clearTimeout(timer);
    socket.off('readable', look);
    socket.off('end', onEnd);
    socket.off('close', onClose);
    settle(outcome);
  };
  const onEnd = (): void => finish('ended');
  const onClose = (): void => finish('gone');
  const look = (): void => {
    // Nothing new; only an end can have brought us here, and reading is what lets it through when no byte came before.
    if (socket.readableLength === seen && seen > 0) return;
    const bytes: unknown = socket.read();
    if (!(bytes instanceof Uint8Array)) return;
    const outcome = detectProtocol(bytes);
    // Before anything else can run: a stream that has ended takes bytes back only until it says so.
    if (outcome === 'more') seen = bytes.length;
    else socket.off('readable', look);
    socket.unshift(bytes);
    if (outcome !== 'more') finish(outcome);
  };
  const timer = setTimeout(() => finish('silent'), boundMs);
  socket.on('readable', look);
  socket.once('end', onEnd);
  socket.once('close', onClose);
  if (socket.readableLength > 0) look();
}
