import { createServer, isIPv6, type DropArgument, type Server, type Socket } from 'node:net';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';

export interface ListenRequest {
  /** The setting that asks for it, for messages: `LANEKEEPER_OUTBOUND_LISTEN`. */
  readonly name: string;
  readonly address: SocketAddress;
  /** Further connections are closed as soon as they are accepted. */
  readonly maxConnections: number;
  readonly onConnection: (socket: Socket) => void;
  /** A connection was closed because there were `maxConnections` already. */
  readonly onDropped?: (peer: SocketAddress) => void;
}

/** A listening socket and the connections that came through it. */
export interface Listener {
  readonly name: string;
  /** With the port that the system picked where port 0 was asked for. */
  readonly address: SocketAddress;
  /** Accepted and not yet closed. */
  readonly connections: ReadonlySet<Socket>;
  /** Stops accepting and frees the port; connections go on. Resolves once the port is free. */
  stop(): Promise<void>;
  /** Destroys every connection that is left. */
  destroy(): void;
}

/** One or more addresses could not be listened on; the message names each. */
export class ListenError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ListenError';
    this.problems = problems;
  }
}

/** Listens on all addresses, or on none: throws one {@link ListenError} that tells of every address that cannot be had. */
export async function bindAll(requests: readonly ListenRequest[]): Promise<readonly Listener[]> {
  const results = await Promise.allSettled(requests.map(bind));
  const listeners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const problems = results.flatMap((result, index) => {
    const request = requests[index];
    return result.status === 'rejected' && request !== undefined ? [explain(request, result.reason)] : [];
  });
  if (problems.length === 0) return listeners;
  await Promise.all(listeners.map((listener) => listener.stop()));
  for (const listener of listeners) listener.destroy();
  throw new ListenError(problems);
}

async function bind(request: ListenRequest): Promise<Listener> {
  const connections = new Set<Socket>();
  // Half-open, because a client that has sent its last byte may still be owed an answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    request.onConnection(socket);
  });
  server.maxConnections = request.maxConnections;
  server.on('drop', (dropped) => request.onDropped?.(peerOf(dropped)));
  await listen(server, request.address);
  return {
    name: request.name,
    address: boundAddress(server, request.address),
    connections,
    stop: () => stop(server),
    destroy() {
      for (const socket of connections) socket.destroy();
    },
  };
}

function listen(server: Server, { address, port }: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // An IPv6 address is no IPv4 one: `[::]` beside `0.0.0.0` on one port would be taken otherwise.
    server.listen({ host: address, port, backlog: 1024, ipv6Only: isIPv6(address) }, () => {
      server.off('error', reject);
      // After this, errors are failures of a single accept (out of descriptors): the listener lives on and accepts the next.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** `close` calls back only once all connections have ended, but the port is free at once. */
function stop(server: Server): Promise<void> {
  server.close(() => undefined);
  return Promise.resolve();
}

function boundAddress(server: Server, asked: SocketAddress): SocketAddress {
  const bound = server.address();
  return bound === null || typeof bound === 'string' ? asked : { address: bound.address, port: bound.port };
}

function peerOf(dropped: DropArgument | undefined): SocketAddress {
  return { address: dropped?.remoteAddress ?? '', port: dropped?.remotePort ?? 0 };
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use; stop what listens there or choose another port',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher port or grant it',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the name has no address; give an IP address',
};

function explain({ name, address }: ListenRequest, reason: unknown): string {
  const code = reason instanceof Error && 'code' in reason ? String(reason.code) : '';
  const hint = HINTS[code] ?? (reason instanceof Error ? reason.message : String(reason));
  return `${name}: cannot listen on ${formatAddress(address)}: ${hint}`;
}
