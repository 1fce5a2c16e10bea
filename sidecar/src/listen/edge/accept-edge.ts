import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { NetworkTest } from '@lanekeeper/runtime/networks';
import type { Connection, EdgeConnection } from '../connection.ts';
import { carriedBy } from '../../wire/reset-socket.ts';
import { bareAddress } from '../original-destination.ts';
import type { Certificates } from './certificates.ts';
import { readClientHello, type ClientHello } from './client-hello.ts';
import { lookAhead } from './look-ahead.ts';
import type { PortPlan } from './plan-ports.ts';
import { parseProxyHeader, type ProxyHeader } from './proxy-header.ts';
import { compileRefusedPeers } from './refused-peers.ts';
import { selectListener } from './select-listener.ts';

/** Where connections of a port go once it is known who speaks and how. */
export interface EdgeTargets {
  /** Bytes that are to be told apart: HTTP/1 or HTTP/2 without TLS. */
  plain(socket: Socket, connection: Connection): void;
  http1(socket: Socket, connection: Connection): void;
  http2(socket: Socket, connection: Connection): void;
}

export interface EdgeAcceptorOptions {
  readonly targets: EdgeTargets;
  readonly certificates: Certificates;
  /** From the connection to the end of the PROXY header and of the handshake. */
  readonly beginMs: number;
  /** A connection was closed before anybody could speak HTTP. */
  readonly refused: (reason: string, connection: Pick<Connection, 'peer'>) => void;
}

/** Takes the connections of one port to the drivers: peer, PROXY header, TLS. */
export interface EdgeAcceptor {
  accept(socket: Socket): void;
  /** For the connections from now on. */
  update(plan: PortPlan): void;
  /** Resolves when no connection is left that could still come to a driver; silent ones are closed after a grace. */
  drain(): Promise<void>;
  close(): void;
}

/** A fatal `unrecognized_name` (112) in a record of its own (RFC 8446 sections 5.1 and 6.2). */
const UNRECOGNIZED_NAME = Buffer.from('15030300020270', 'hex');
/** As for other listeners: a client that connected before the drain and is slower has to connect again. */
const SILENT_GRACE_MS = 1_000;

export function createEdgeAcceptor(first: PortPlan, options: EdgeAcceptorOptions): EdgeAcceptor {
  const beginning = new Set<Socket>();
  let plan = first;
  let isRefused: NetworkTest = compileRefusedPeers(plan.listeners);
  let whenEmpty: (() => void) | undefined;
  const begun = (socket: Socket): void => {
    beginning.delete(socket);
    // A turn later: by then a driver has the connection.
    if (beginning.size === 0 && whenEmpty !== undefined) setImmediate(whenEmpty);
  };
  return {
    accept(socket) {
      // For good: a reset may come at any moment, also between two owners.
      socket.on('error', ignore);
      beginning.add(socket);
      const timer = setTimeout(() => socket.destroy(), options.beginMs);
      const done = (): void => {
        clearTimeout(timer);
        socket.off('close', done);
        begun(socket);
      };
      socket.once('close', done);
      new Beginning({ ...options, plan, isRefused, done }, socket).start();
    },
    update(next) {
      plan = next;
      isRefused = compileRefusedPeers(plan.listeners);
    },
    async drain() {
      if (beginning.size === 0) return;
      const empty = new Promise<void>((resolve) => (whenEmpty = resolve));
      const grace = setTimeout(() => {
        for (const socket of beginning) socket.destroy();
      }, SILENT_GRACE_MS);
      await empty;
      clearTimeout(grace);
    },
    close() {
      for (const socket of beginning) socket.destroy();
    },
  };
}

interface BeginningOptions extends EdgeAcceptorOptions {
  readonly plan: PortPlan;
  readonly isRefused: NetworkTest;
  /** A driver has it. */
  readonly done: () => void;
}

/** One connection until a driver has it. */
class Beginning {
  readonly #options: BeginningOptions;
  readonly #socket: Socket;
  #peer: SocketAddress;

  constructor(options: BeginningOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#peer = { address: bareAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
  }

  start(): void {
    const { plan, isRefused } = this.#options;
    if (plan.proxyProtocol) return this.#readProxyHeader();
    if (isRefused(this.#peer.address)) return this.#refuse('the peer may not connect');
    this.#afterPeer();
  }

  #readProxyHeader(): void {
    lookAhead<Exclude<ProxyHeader, { kind: 'more' }>>(
      this.#socket,
      (bytes) => {
        const header = parseProxyHeader(bytes);
        if (header.kind === 'more') return 'more';
        return { value: header, take: header.kind === 'header' ? header.length : 0 };
      },
      (header) => {
        if (header === undefined) return this.#refuse('the connection ended before its PROXY header');
        if (header.kind === 'invalid') return this.#refuse(header.message);
        this.#peer = header.peer ?? this.#peer;
        if (this.#options.isRefused(this.#peer.address)) return this.#refuse('the peer may not connect');
        this.#afterPeer();
      },
    );
  }

  #afterPeer(): void {
    const { plan, targets, done } = this.#options;
    if (plan.isTls) return this.#readHello();
    done();
    targets.plain(this.#socket, this.#connection({ isTls: false, serverName: undefined }));
  }

  #readHello(): void {
    lookAhead<Exclude<ClientHello, { kind: 'more' }>>(
      this.#socket,
      (bytes) => {
        const hello = readClientHello(bytes);
        return hello.kind === 'more' ? 'more' : { value: hello, take: 0 };
      },
      (hello) => {
        if (hello === undefined) return this.#refuse('the connection ended before its handshake');
        if (hello.kind === 'invalid') return this.#refuse(hello.message);
        this.#shakeHands(hello.serverName);
      },
    );
  }

  #shakeHands(serverName: string | undefined): void {
    const { plan, certificates } = this.#options;
    const listener = selectListener(plan.listeners, serverName);
    const certificate = listener && certificates.choose(listener.certificates, serverName);
    if (certificate === undefined) {
      this.#socket.write(UNRECOGNIZED_NAME);
      return this.#refuse(`no certificate for ${serverName ?? 'a client that names no server'}`);
    }
    certificates.begin(certificate, this.#socket, {
      secured: (socket) => this.#secured(socket, serverName),
      failed: (error) => this.#refuse(`the handshake failed: ${error.message}`),
    });
  }

  #secured(socket: TLSSocket, serverName: string | undefined): void {
    const { targets, done } = this.#options;
    socket.on('error', ignore);
    carriedBy(socket, this.#socket);
    done();
    const connection = this.#connection({ isTls: true, serverName });
    if (socket.alpnProtocol === 'h2') targets.http2(socket, connection);
    else targets.http1(socket, connection);
  }

  #connection(edge: Omit<EdgeConnection, 'port'>): Connection {
    const { localAddress = '', localPort = 0 } = this.#socket;
    return {
      direction: 'gateway',
      peer: this.#peer,
      local: { address: bareAddress(localAddress), port: localPort },
      destination: undefined,
      edge: { port: this.#options.plan.port, ...edge },
    };
  }

  #refuse(reason: string): void {
    if (this.#socket.destroyed) return;
    this.#options.refused(reason, { peer: this.#peer });
    this.#socket.destroySoon();
  }
}

function ignore(): void {}
