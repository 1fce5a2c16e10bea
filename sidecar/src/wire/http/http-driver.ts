import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Limits } from '../../config.ts';
import type { RequestHandler } from '../../exchange/exchange.ts';
import type { Connection } from '../../listen/connection.ts';
import type { Driver } from '../driver.ts';
import type { Mirrors } from '../edge/copies.ts';
import { mayUpgrade } from './may-upgrade.ts';
import { requestError } from './request-error.ts';
import { Session, type SessionContext, type ToHttp2 } from './session.ts';
import { createUpstreamCaller } from './upstream-call.ts';
import { UpstreamPool } from './upstream-pool.ts';

export interface HttpDriverOptions {
  readonly handler: RequestHandler;
  readonly limits: Limits;
  /**
   * A CONNECT to an explicit proxy was answered with 200: the connection is the callback's now, to be looked at anew with the
   * CONNECT's target as its destination.
   */
  readonly onTunnel: (socket: Socket, connection: Connection) => void;
  /** Absent: nothing is copied. */
  readonly mirrors?: Mirrors | undefined;
  /** Absent: every upstream speaks HTTP/1. */
  readonly toHttp2?: ToHttp2 | undefined;
  /** Told what should not happen; it never ends the process. */
  readonly warn?: (message: string, cause: unknown) => void;
}

/**
 * A client may be sending on a connection that is idle here, and would get a reset: for so long it is still served, and told to
 * close. Looked at again and again, because a response whose head was sent before the drain could not tell its client.
 */
const IDLE_GRACE_MS = 1_000;

/**
 * HTTP/1.0 and 1.1, correct first: Node's server and parser below, http-proxy-3 towards the upstream. Connections should have been
 * accepted with `allowHalfOpen`, or a client that ends its side early gets no response.
 */
export function createHttpDriver(options: HttpDriverOptions): Driver {
  const { limits } = options;
  const sessions = new Map<Duplex, Session>();
  const pool = new UpstreamPool({ idleTimeoutMs: limits.idleTimeoutMs });
  const sweep = startSweep(sessions, limits.responseTimeoutMs);
  const end = createEnd(sessions);
  const context: SessionContext = {
    handler: options.handler,
    caller: createUpstreamCaller({ pool, ...limits }),
    pool,
    responseTimeoutMs: limits.responseTimeoutMs,
    mirrors: options.mirrors,
    toHttp2: options.toHttp2,
    isDraining: () => end.isDraining,
    onTunnel(socket, connection) {
      release(socket);
      options.onTunnel(socket, connection);
    },
    warn: options.warn ?? ignore,
  };
  const server = createHttpServer(limits, (socket) => sessions.get(socket));

  function release(socket: Socket): void {
    socket.off('close', onClose);
    sessions.delete(socket);
    end.check();
  }

  function onClose(this: Socket): void {
    release(this);
  }

  return {
    accept(socket, connection) {
      sessions.set(socket, new Session(context, socket, connection));
      socket.setNoDelay(true);
      // Finds clients that vanished while their response is being waited for.
      socket.setKeepAlive(true, 60_000);
      socket.on('error', ignore);
      socket.on('close', onClose);
      server.emit('connection', socket);
    },
    async drain() {
      const closing = setInterval(() => server.closeIdleConnections(), IDLE_GRACE_MS);
      await end.drain();
      clearInterval(closing);
      pool.dropAllIdle();
    },
    close() {
      server.close();
      clearInterval(sweep);
      for (const socket of [...sessions.keys()]) socket.destroy();
      pool.destroy();
    },
  };
}

type FindSession = (socket: Duplex) => Session | undefined;

function createHttpServer(limits: Limits, find: FindSession): Server {
  const settings: ServerOptions & UpgradeSetting = {
    maxHeaderSize: limits.maxHeadBytes,
    headersTimeout: limits.headTimeoutMs,
    // A body may take its time: streams do.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.max(20, Math.min(1_000, limits.headTimeoutMs / 4)),
    insecureHTTPParser: false,
    joinDuplicateHeaders: true,
    // Checked with the other fields, so that it is answered and counted as they are.
    requireHostHeader: false,
    shouldUpgradeCallback: mayUpgrade,
  };
  const server = createServer(settings);
  // More than a bound are refused, not cut off.
  server.maxHeadersCount = 0;
  // A client that has ended its side still gets its response.
  Object.assign(server, { httpAllowHalfOpen: true });
  const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
    find(request.socket)?.request(request, response);
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('checkExpectation', onRequest);
  server.on('upgrade', (request, socket, head) => find(socket)?.upgrade(request, head));
  server.on('connect', (request, socket, head) => find(socket)?.upgrade(request, head));
  server.on('clientError', (cause, socket) => {
    const error = requestError(cause);
    if (error === undefined) socket.destroy();
    else find(socket)?.broken(error);
  });
  // Starts the check of slow heads, which Node ties to listening; this server is handed its connections.
  server.emit('listening');
  return server;
}

/** Node 22.21 and later; before, every request with `upgrade` is an upgrade. */
interface UpgradeSetting {
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean;
}

/**
 * Looks for requests whose upstream has not answered in time. Requests are not kept in a Map by deadline: V8's dead tables of a Map
 * that is used as a queue keep every request alive until the next full collection (a fifth of the time, measured).
 */
function startSweep(
  sessions: ReadonlyMap<Duplex, Session>,
  responseTimeoutMs: number,
): NodeJS.Timeout | undefined {
  if (responseTimeoutMs === 0) return undefined;
  const everyMs = Math.max(5, Math.min(500, responseTimeoutMs / 10));
  return setInterval(() => {
    const now = performance.now();
    for (const session of sessions.values()) session.checkDeadline(now);
  }, everyMs).unref();
}

interface End {
  readonly isDraining: boolean;
  /** Resolves when no connection is left. */
  drain(): Promise<void>;
  check(): void;
}

function createEnd(sessions: ReadonlyMap<Duplex, Session>): End {
  const waiters: (() => void)[] = [];
  let isDraining = false;
  const check = (): void => {
    if (sessions.size === 0) for (const resolve of waiters.splice(0)) resolve();
  };
  return {
    get isDraining() {
      return isDraining;
    },
    drain() {
      isDraining = true;
      return new Promise((resolve) => {
        waiters.push(resolve);
        check();
      });
    },
    check,
  };
}

function ignore(): void {}
