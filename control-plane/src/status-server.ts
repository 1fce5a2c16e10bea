import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { METRICS_CONTENT_TYPE, type Metrics } from '@lanekeeper/runtime/metrics';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';

export interface StatusServer {
  listen(at: SocketAddress): Promise<SocketAddress>;
  close(): void;
}

export interface StatusDeps {
  readonly metrics: Pick<Metrics, 'expose'>;
  /** Why no sidecars should come now; empty: ready. */
  readonly notReady: () => readonly string[];
  /** What `/status` tells. */
  readonly status: () => unknown;
}

/** What the kubelet, Prometheus and people ask for. */
export function createStatusServer({ metrics, notReady, status }: StatusDeps): StatusServer {
  const answers = new Map<string, (response: ServerResponse) => void>([
    ['/live', (response) => send(response, 200, 'live\n')],
    ['/ready', (response) => sendReady(response, notReady())],
    ['/metrics', (response) => send(response, 200, metrics.expose(), METRICS_CONTENT_TYPE)],
    ['/status', (response) => send(response, 200, `${JSON.stringify(status())}\n`, 'application/json')],
  ]);
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    const found = answers.get((request.url ?? '').split('?')[0] ?? '');
    if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'only GET\n');
    else if (found === undefined) send(response, 404, `there are: ${[...answers.keys()].join(', ')}\n`);
    else found(response);
  });
  server.maxConnections = 128;
  return {
    async listen({ address, port }) {
      server.listen({ host: address, port });
      await once(server, 'listening');
      const at = server.address();
      if (at === null || typeof at === 'string') throw new TypeError(`${address} is no IP address`);
      return { address: at.address, port: at.port };
    },
    close() {
      if (server.listening) server.close();
      server.closeAllConnections();
    },
  };
}

function sendReady(response: ServerResponse, reasons: readonly string[]): void {
  if (reasons.length === 0) send(response, 200, 'ready\n');
  else send(response, 503, `not ready: ${reasons.join('; ')}\n`);
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(text);
}
