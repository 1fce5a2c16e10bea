import type { Limits } from '../../config.ts';
import { createMirrors, type Mirrors } from '../edge/copies.ts';
import { copyOverHttp1 } from '../http/copy-call.ts';
import type { ToHttp2 } from '../http/session.ts';
import { createUpstreamCaller } from '../http/upstream-call.ts';
import { UpstreamPool } from '../http/upstream-pool.ts';
import { copyOverHttp2 } from '../http2/copy-stream.ts';
import type { ToHttp1 } from '../http2/http2-driver.ts';
import { createSessionPool } from '../http2/session-pool.ts';
import { Http1ToHttp2 } from './http1-to-http2.ts';
import { Http2ToHttp1 } from './http2-to-http1.ts';

/** From one protocol version to the other, and copies for mirrors; connections of its own for both. */
export interface Bridges {
  readonly toHttp1: ToHttp1;
  readonly toHttp2: ToHttp2;
  readonly mirrors: Mirrors;
  /** To be called when the drivers have drained: nothing is in flight any more. */
  drain(): Promise<void>;
  close(): void;
}

/** Mirrors are not waited for as long as those who answer. */
const MIRROR_CONNECT_MS = 1_000;

export function createBridges(limits: Limits): Bridges {
  const pool = new UpstreamPool(limits);
  const caller = createUpstreamCaller({ ...limits, pool });
  const sessions = createSessionPool(limits);
  const mirrorPool = new UpstreamPool(limits);
  const mirrorSessions = createSessionPool({
    ...limits,
    connectTimeoutMs: Math.min(MIRROR_CONNECT_MS, limits.connectTimeoutMs),
  });
  const openers = { 'http/1.1': copyOverHttp1(mirrorPool), h2: copyOverHttp2(mirrorSessions) };
  const mirrors = createMirrors({ openers });
  const close = (): void => {
    mirrors.close();
    mirrorPool.destroy();
    mirrorSessions.destroy();
    pool.destroy();
    sessions.destroy();
  };
  return {
    mirrors,
    toHttp1: (options) => new Http2ToHttp1({ ...options, caller, pool }).start(),
    toHttp2: (context, down, decided) => new Http1ToHttp2({ context, down, decided, pool: sessions }),
    async drain() {
      await sessions.drain();
      close();
    },
    close,
  };
}
