import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { UpstreamConnection, type UpstreamUser } from './upstream-connection.ts';

const MAX_IDLE_PER_ENDPOINT = 128;
/** The upstream's own bound minus the time that a request may be on its way. */
const MARGIN_MS = 1_000;

export interface Http1PoolOptions {
  readonly connectTimeoutMs: number;
  /** An idle connection is closed after this time, or earlier where the upstream announced less. */
  readonly idleTimeoutMs: number;
}

/** Connections to endpoints that nobody uses now, the one used last first. */
export interface Http1Pool {
  /** An idle connection, or a new one, of which `connected` will be told. */
  take(target: SocketAddress, user: UpstreamUser): UpstreamConnection;
  /** `announcedMs`: how long the upstream said that it keeps an idle connection. */
  give(connection: UpstreamConnection, announcedMs: number | undefined): void;
  /** One of them was found dead, so the others are most likely too. */
  dropIdle(target: SocketAddress): void;
  dropAllIdle(): void;
  /** Of those that rest too long. */
  sweep(nowMs: number): void;
}

export function createHttp1Pool({ connectTimeoutMs, idleTimeoutMs }: Http1PoolOptions): Http1Pool {
  const idle = new Map<string, UpstreamConnection[]>();
  const forget = (connection: UpstreamConnection): void => {
    const resting = idle.get(connection.key);
    const at = resting?.indexOf(connection) ?? -1;
    if (resting === undefined || at < 0) return;
    resting.splice(at, 1);
    if (resting.length === 0) idle.delete(connection.key);
  };
  const drop = (connections: readonly UpstreamConnection[]): void => {
    for (const connection of connections) connection.close();
  };
  return {
    take(target, user) {
      const key = keyOf(target);
      const known = idle.get(key)?.pop();
      if (known === undefined) {
        const options = { target, connectTimeoutMs, gone: forget };
        return new UpstreamConnection(key, options, user);
      }
      known.use(user);
      return known;
    },
    give(connection, announcedMs = Infinity) {
      const restMs = Math.min(idleTimeoutMs, announcedMs - MARGIN_MS);
      const resting = idle.get(connection.key);
      if (restMs <= 0 || (resting?.length ?? 0) >= MAX_IDLE_PER_ENDPOINT) return connection.close();
      connection.rest(performance.now() + restMs);
      if (resting === undefined) idle.set(connection.key, [connection]);
      else resting.push(connection);
    },
    dropIdle(target) {
      const key = keyOf(target);
      const resting = idle.get(key) ?? [];
      idle.delete(key);
      drop(resting);
    },
    dropAllIdle() {
      const all = [...idle.values()].flat();
      idle.clear();
      drop(all);
    },
    sweep(nowMs) {
      for (const [key, resting] of idle) {
        const [stale, fresh] = partition(resting, ({ restsUntilMs }) => restsUntilMs <= nowMs);
        if (fresh.length === 0) idle.delete(key);
        else if (stale.length > 0) idle.set(key, fresh);
        drop(stale);
      }
    },
  };
}

/** Targets are objects of snapshots: the same one for request after request. */
const keys = new WeakMap<SocketAddress, string>();

function keyOf(target: SocketAddress): string {
  const known = keys.get(target);
  if (known !== undefined) return known;
  const key = formatAddress(target);
  keys.set(target, key);
  return key;
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
