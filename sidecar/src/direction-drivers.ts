import type { Log } from '@lanekeeper/runtime/log';
import type { Limits } from './config.ts';
import type { RequestHandler, StreamHandler } from './exchange/exchange.ts';
import { createAcceptor, type Acceptor, type AcceptorOptions } from './listen/accept.ts';
import { createBridges } from './wire/bridge/bridges.ts';
import type { Driver } from './wire/driver.ts';
import { createHttp2Driver } from './wire/http2/http2-driver.ts';
import { createHttpDriver } from './wire/http/http-driver.ts';
import { createHttp1Driver } from './wire/http1/http1-driver.ts';
import { createTcpDriver } from './wire/tcp/tcp-driver.ts';

export interface DirectionDriversOptions extends Omit<AcceptorOptions, 'drivers' | 'idleTimeoutMs'> {
  readonly handler: RequestHandler & StreamHandler;
  readonly limits: Limits;
  readonly log: Log;
}

/** Everything between accepted connections and a handler. */
export interface DirectionDrivers {
  /** Tells protocols apart. */
  readonly acceptor: Acceptor;
  readonly http: Driver;
  readonly http2: Driver;
  /** Finishes what is in flight. */
  drain(): Promise<void>;
  close(): void;
}

/** Pools of databases rest longer than HTTP's connections do; the same hour as Istio's. */
const OPAQUE_IDLE_MS = 3_600_000;

export function createDirectionDrivers(options: DirectionDriversOptions): DirectionDrivers {
  const { direction, handler, limits, log } = options;
  const bridges = createBridges(limits);
  const warn = (message: string, cause: unknown): void => log.warn({ direction, err: cause }, message);
  const slow = createHttpDriver({
    ...bridges,
    handler,
    limits,
    warn,
    onTunnel: (socket, connection) => acceptor.acceptTunnel(socket, connection),
  });
  const http = createHttp1Driver({ handler, limits, slow, warn });
  const http2 = createHttp2Driver({ ...bridges, handler, limits, log });
  const tcp = createTcpDriver({ handler, limits: { ...limits, idleTimeoutMs: OPAQUE_IDLE_MS } });
  const drivers = { http, http2, tcp };
  const acceptor = createAcceptor({ ...options, drivers, idleTimeoutMs: limits.idleTimeoutMs });
  return {
    acceptor,
    http,
    http2,
    async drain() {
      // First whoever may still come to a driver, then the drivers: once drained, they take nobody.
      await acceptor.drain();
      await Promise.all(Object.values(drivers).map((driver) => driver.drain()));
      await bridges.drain();
    },
    close() {
      acceptor.close();
      for (const driver of Object.values(drivers)) driver.close();
      bridges.close();
    },
  };
}
