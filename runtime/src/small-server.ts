import type { Server } from 'node:http';
import type { SocketAddress } from './socket-address.ts';

export interface SmallServer {
  /** Resolves to where it listens, once it does. */
  listen(at: SocketAddress): Promise<SocketAddress>;
  /** Cuts every client, streams included. */
  close(): Promise<void>;
}

/** Starts `server`; resolves to where it listens, which tells the port when 0 was asked for. */
export function listenOn(server: Server, { address, port }: SocketAddress): Promise<SocketAddress> {
  // Small requests from people and scrapers; who is slower than this holds a connection for nothing.
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 128;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => {
      server.off('error', reject);
      const at = server.address();
      if (at === null || typeof at === 'string') reject(new TypeError(`${address} is no IP address`));
      else resolve({ address: at.address, port: at.port });
    });
  });
}

/** Ends it at once, clients included; also one that never listened. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
