import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { once } from 'node:events';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { CertificateSource } from '../certificates/source.ts';

export interface WebhookServer {
  /** Resolves to where it listens. The certificate source must have started. */
  listen(at: SocketAddress): Promise<SocketAddress>;
  /** Accepts nothing new; resolves when the last answer is out. */
  drain(): Promise<void>;
  close(): void;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** HTTPS with the source's certificate; a new one is used for new connections, open ones go on. */
export function createWebhookServer(handle: Listener, certificates: CertificateSource): WebhookServer {
  const server = createServer({ minVersion: 'TLSv1.2' }, handle);
  setBounds(server);
  certificates.onChange((pair) => server.setSecureContext(pair));
  return {
    async listen({ address, port }) {
      server.setSecureContext(certificates.current());
      server.listen({ host: address, port });
      await once(server, 'listening');
      const at = server.address();
      if (at === null || typeof at === 'string') throw new TypeError(`${address} is no IP address`);
      return { address: at.address, port: at.port };
    },
    async drain() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
    close() {
      if (server.listening) server.close();
      server.closeAllConnections();
    },
  };
}

function setBounds(server: Server): void {
  // The API server gives up on a webhook after 10 s (`timeoutSeconds`); who is slower holds a connection for nothing.
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  // Above the 90 s for which Go's client keeps an idle connection, so that the client closes first and no review is lost.
  server.keepAliveTimeout = 120_000;
  // Each may hold a body of 7 MiB: some 900 MiB at the very worst, and an API server needs a handful.
  server.maxConnections = 128;
}
