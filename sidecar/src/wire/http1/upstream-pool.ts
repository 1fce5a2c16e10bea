import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { UpstreamConnection, type UpstreamUser } from './upstream-connection.ts';

const MAX_IDLE_PER_ENDPOINT = 128;
/** The upstream's own bound minus the time that a request may be on its way. */
const MARGIN_MS = 1_000;

export interface Http1PoolOptions {
  readonly connectTimeoutMs: number;
  /** An idle connection is closed after this time, or earlier where the upstream announced less. */
  readonly idleTimeoutMs: number;
  /** As in {@link Http1Context.nowMs}. */
  readonly nowMs: () => number;
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
  sweep(): void;
}

export function createHttp1Pool({ connectTimeoutMs, idleTimeoutMs, nowMs }: Http1PoolOptions): Http1Pool {
  const idle = new IdleConnections();
  return {
    take(target, user) {
      const known = idle.take(target);
      if (known === undefined) {
        const gone = (connection: UpstreamConnection): void => idle.forget(connection);
        return new UpstreamConnection({ target, connectTimeoutMs, gone }, user);
      }
      known.use(user);
      return known;
    },
    give(connection, announcedMs = Infinity) {
      const restMs = Math.min(idleTimeoutMs, announcedMs - MARGIN_MS);
      if (restMs <= 0) return connection.close();
      connection.rest(nowMs() + restMs);
      idle.add(connection);
    },
    dropIdle(target) {
      for (const connection of idle.of(target)?.splice(0) ?? []) connection.close();
    },
    dropAllIdle() {
      idle.sweep(Infinity);
    },
    sweep() {
      idle.sweep(nowMs());
    },
  };
}

/** By address and port, so that no key is put together for a request. */
class IdleConnections {
  readonly #byAddress = new Map<string, Map<number, UpstreamConnection[]>>();

  of({ address, port }: SocketAddress): UpstreamConnection[] | undefined {
    return this.#byAddress.get(address)?.get(port);
  }

  /** The one that was used last, of those that nobody has closed in this very turn. */
  take(target: SocketAddress): UpstreamConnection | undefined {
    const resting = this.of(target);
    for (let last = resting?.pop(); last !== undefined; last = resting?.pop()) {
      if (!last.socket.destroyed) return last;
    }
    return undefined;
  }

  add(connection: UpstreamConnection): void {
    const { target } = connection;
    const resting = this.of(target);
    if (resting === undefined) this.#portsOf(target.address).set(target.port, [connection]);
    else if (resting.length < MAX_IDLE_PER_ENDPOINT) resting.push(connection);
    else connection.close();
  }

  forget(connection: UpstreamConnection): void {
    const resting = this.of(connection.target);
    const at = resting?.indexOf(connection) ?? -1;
    if (at >= 0) resting?.splice(at, 1);
  }

  /** Closes those that have rested until `nowMs`, and forgets endpoints that have none left. */
  sweep(nowMs: number): void {
    for (const [address, ports] of this.#byAddress) {
      for (const [port, resting] of ports) {
        const fresh = resting.filter(({ restsUntilMs }) => restsUntilMs > nowMs);
        for (const connection of resting) if (connection.restsUntilMs <= nowMs) connection.close();
        if (fresh.length === 0) ports.delete(port);
        else ports.set(port, fresh);
      }
      if (ports.size === 0) this.#byAddress.delete(address);
    }
  }

  #portsOf(address: string): Map<number, UpstreamConnection[]> {
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    const made = new Map<number, UpstreamConnection[]>();
    this.#byAddress.set(address, made);
    return made;
  }
}
