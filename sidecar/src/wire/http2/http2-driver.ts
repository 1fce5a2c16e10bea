import type { IncomingHttpHeaders } from 'node:http2';
import type { Log } from '@lanekeeper/runtime/log';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { Limits } from '../../config.ts';
import type { RequestHandler } from '../../exchange/exchange.ts';
import type { Connection } from '../../listen/connection.ts';
import { ProxyError } from '../../proxy-error.ts';
import type { Driver } from '../driver.ts';
import type { Mirrors } from '../edge/copies.ts';
import {
  createDownstreamSession,
  type DownstreamSession,
  type IncomingStream,
} from './downstream-session.ts';
import { answerLocally } from './local-answer.ts';
import { relay, type RelayOptions } from './relay.ts';
import { readRequestHead } from './request-head.ts';
import { createSessionPool } from './session-pool.ts';
import { createStallWatch } from './stall-watch.ts';

export interface Http2DriverOptions {
  readonly handler: RequestHandler;
  readonly limits: Limits;
  readonly log?: Log;
  /** Absent: nothing is copied. */
  readonly mirrors?: Mirrors | undefined;
  /** Carries requests to upstreams that are spoken to in HTTP/1. Absent: there are none. */
  readonly toHttp1?: ToHttp1 | undefined;
}

export type ToHttp1 = (options: Omit<RelayOptions, 'pool'>) => void;

/**
 * Speaks h2c (prior knowledge) to clients and to endpoints, over node:http2. What it does not do: find out that an endpoint speaks
 * only HTTP/1.1 (it is answered for with `connect-failed`), CONNECT (501; tunnels are HTTP/1.1's), server push, and tell
 * of fields with characters that no field may have: nghttp2 drops those before anybody sees them, so they reach nobody.
 */
export function createHttp2Driver(options: Http2DriverOptions): Driver {
  const { handler, limits, log, mirrors, toHttp1 } = options;
  const pool = createSessionPool(limits);
  const stalls = createStallWatch(limits.idleTimeoutMs);
  const sessions = new Set<DownstreamSession>();
  let draining: Promise<void> | undefined;
  let emptied: () => void = () => undefined;

  const serve = (incoming: IncomingStream, connection: Connection): void => {
    const head = readRequestHead(incoming.fields, limits);
    if (head instanceof ProxyError) {
      handler.malformed(head, connection);
      incoming.stream.resume();
      answerLocally(incoming.stream, head, incoming.fields);
      return;
    }
    const forward = (): void => {
      const exchange = handler.begin(head, connection);
      const parts = { ...incoming, exchange, stalls, limits, mirrors };
      if (exchange.edge?.upstreamProtocol === 'http/1.1' && toHttp1 !== undefined) toHttp1(parts);
      else relay({ ...parts, pool });
    };
    const prepared = handler.prepare?.(head, connection);
    if (prepared === undefined) return forward();
    const { stream } = incoming;
    const trailers = keepTrailers(stream);
    void prepared.then(() => {
      if (stream.closed || stream.destroyed) return;
      forward();
      trailers.tellAgain();
    });
  };

  return {
    accept(socket, connection) {
      if (socket.destroyed) return;
      const session = createDownstreamSession({
        socket,
        limits,
        request: (incoming) => serve(incoming, connection),
        malformed: (error) => {
          log?.warn({ peer: formatAddress(connection.peer), reason: error.message }, 'http2_connection_cut');
          handler.malformed(error, connection);
        },
        closed: () => {
          sessions.delete(session);
          if (sessions.size === 0) emptied();
        },
      });
      sessions.add(session);
      if (draining) session.drain();
    },
    drain() {
      draining ??= new Promise<void>((resolve) => {
        emptied = resolve;
        for (const session of sessions) session.drain();
        if (sessions.size === 0) resolve();
      })
        .then(() => pool.drain())
        .then(() => stalls.stop());
      return draining;
    },
    close() {
      for (const session of [...sessions]) session.destroy();
      pool.destroy();
      stalls.stop();
    },
  };
}

/** node:http2 tells of trailers once, also while nobody reads the body that they follow. */
function keepTrailers(stream: IncomingStream['stream']): { tellAgain(): void } {
  let told: Parameters<typeof keep> | undefined;
  function keep(headers: IncomingHttpHeaders, flags: number, raw?: string[]): void {
    told = raw === undefined ? [headers, flags] : [headers, flags, raw];
  }
  stream.once('trailers', keep);
  return {
    tellAgain() {
      stream.off('trailers', keep);
      if (told !== undefined) stream.emit('trailers', told[0], told[1], told[2]);
    },
  };
}
