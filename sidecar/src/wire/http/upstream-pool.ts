import { Agent, type ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import type { NetConnectOpts, Socket } from 'node:net';
import { UpstreamSocket } from './upstream-socket.ts';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';

const MAX_IDLE_PER_ENDPOINT = 128;

export interface UpstreamPoolOptions {
  /** An idle connection is closed after this time, or earlier where the upstream announced less. */
  readonly idleTimeoutMs: number;
}

/**
 * Keep-alive connections by endpoint. An idle one that the upstream closes leaves at once, and so does one on which bytes arrive
 * that nobody asked for: they would be read as the answer to the next request.
 */
export class UpstreamPool extends Agent {
  constructor(options: UpstreamPoolOptions) {
    super({
      keepAlive: true,
      timeout: options.idleTimeoutMs,
      maxFreeSockets: MAX_IDLE_PER_ENDPOINT,
      scheduling: 'lifo',
    });
  }

  override createConnection(options: NetConnectOpts): Duplex {
    return new UpstreamSocket(options).connect(options);
  }

  /** The key of an endpoint's connections; Node would build a longer one from fields that are never set here. */
  override getName(options?: {
    readonly host?: string | undefined;
    readonly port?: number | string | undefined;
  }): string {
    return formatAddress({ address: options?.host ?? '', port: Number(options?.port ?? 0) });
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // Node declares the result as void; it is the answer whether to keep the socket.
    const keeps: unknown = super.keepSocketAlive(socket);
    if (keeps === false) return false;
    socket.on('data', destroySelf);
    socket.on('end', destroySelf);
    return true;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    socket.removeListener('data', destroySelf);
    socket.removeListener('end', destroySelf);
    super.reuseSocket(socket, request);
  }

  /** Closes the idle connections to an endpoint: one of them was found dead, so the others are most likely too. */
  dropIdle(target: SocketAddress): void {
    const idle: readonly Socket[] = this.freeSockets[formatAddress(target)] ?? [];
    for (const socket of [...idle]) socket.destroy();
  }

  dropAllIdle(): void {
    for (const idle of Object.values(this.freeSockets)) {
      for (const socket of [...(idle ?? [])]) socket.destroy();
    }
  }
}

function destroySelf(this: Duplex): void {
  this.destroy();
}
