import type { Limits } from '../../config.ts';
import type { RequestHandler } from '../../exchange/exchange.ts';
import type { Driver } from '../driver.ts';
import { ClientConnection } from './client-connection.ts';
import type { Http1Context } from './context.ts';
import { ResponseReader } from './response-reader.ts';
import { createHttp1Pool } from './upstream-pool.ts';

export interface Http1DriverOptions {
  readonly handler: RequestHandler;
  readonly limits: Limits;
  /** Takes over connections with anything that is not plain HTTP/1.1; drained and closed with this one. */
  readonly slow: Driver;
  /** Told what should not happen; it never ends the process. */
  readonly warn?: (message: string, cause: unknown) => void;
}

/** As in the slow driver: a client may be sending on a connection that is idle here. */
const IDLE_GRACE_MS = 1_000;
const MAX_SWEEP_MS = 500;
const MIN_SWEEP_MS = 5;

/**
 * Plain HTTP/1.1 over raw sockets. Heads are parsed once, on bytes; what is not touched goes out as it came in. A request that is not
 * plain goes to the slow driver with its connection, before a byte of it was taken.
 */
export function createHttp1Driver(options: Http1DriverOptions): Driver {
  const { handler, limits, slow, warn = ignore } = options;
  const clients = new Set<ClientConnection>();
  const waiters: (() => void)[] = [];
  let isDraining = false;
  let nowMs = performance.now();
  const pool = createHttp1Pool({ ...limits, nowMs: () => nowMs });
  const context: Http1Context = {
    handler,
    limits,
    pool,
    responses: new ResponseReader(),
    isDraining: () => isDraining,
    nowMs: () => nowMs,
    warn,
  };
  const sweep = setInterval(() => {
    nowMs = performance.now();
    for (const client of clients) client.checkTimes(nowMs);
    pool.sweep();
  }, sweepMs(limits)).unref();

  function forget(client: ClientConnection): void {
    clients.delete(client);
    if (clients.size === 0) for (const resolve of waiters.splice(0)) resolve();
  }

  return {
    accept(socket, connection) {
      if (socket.destroyed) return;
      // Listeners of gateways want what only the slow driver does.
      if (connection.edge !== undefined) return slow.accept(socket, connection);
      socket.setNoDelay(true);
      // Finds clients that vanished while their response is being waited for.
      socket.setKeepAlive(true, 60_000);
      socket.on('error', ignore);
      const handOver = (client: ClientConnection): void => {
        slow.accept(socket, connection);
        forget(client);
      };
      clients.add(new ClientConnection({ context, socket, connection, handOver, closed: forget }));
    },
    async drain() {
      isDraining = true;
      const slowDrained = slow.drain();
      const closing = setInterval(() => {
        for (const client of clients) if (client.isIdle) client.destroy();
      }, IDLE_GRACE_MS);
      if (clients.size > 0) await new Promise<void>((resolve) => waiters.push(resolve));
      clearInterval(closing);
      pool.dropAllIdle();
      await slowDrained;
      // Whom it was handed meanwhile.
      await slow.drain();
    },
    close() {
      clearInterval(sweep);
      for (const client of clients) client.destroy();
      pool.dropAllIdle();
      slow.close();
    },
  };
}

/** Often enough for the shortest of the times. */
function sweepMs({ headTimeoutMs, idleTimeoutMs, responseTimeoutMs }: Limits): number {
  const shortest = Math.min(headTimeoutMs, idleTimeoutMs, responseTimeoutMs || Infinity);
  return Math.max(MIN_SWEEP_MS, Math.min(MAX_SWEEP_MS, shortest / 10));
}

function ignore(): void {}
