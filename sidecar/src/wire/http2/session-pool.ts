import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { Limits } from '../../config.ts';
import { ProxyError } from '../../proxy-error.ts';
import { UpstreamSession } from './upstream-session.ts';

/** Who waits for a session that has room. Exactly one of the two is called, later than `acquire` returns or within it. */
export interface Waiter {
  /** Instead of the general time to connect. */
  readonly timeoutMs?: number | undefined;
  ready(session: UpstreamSession): void;
  failed(error: ProxyError): void;
}

/** Takes back a waiter that has not been served; idempotent. */
export type CancelWaiting = () => void;

/** The h2c sessions of all endpoints. */
export interface SessionPool {
  acquire(target: SocketAddress, waiter: Waiter): CancelWaiting;
  /** Lets what is open end and closes what is idle; resolves when no session is left. */
  drain(): Promise<void>;
  destroy(): void;
}

/** Connections to one endpoint at most; beyond them requests wait for room, up to the connect timeout. */
const MAX_SESSIONS_PER_TARGET = 64;
/** How many waiters one connection attempt is taken to serve: the least that RFC 9113 section 6.5.2 advises a peer to allow. */
const EXPECTED_STREAMS = 100;

export function createSessionPool(limits: Limits): SessionPool {
  const targets = new Map<string, TargetSessions>();
  const emptied = new Set<() => void>();
  const forget = (key: string): void => {
    targets.delete(key);
    if (targets.size > 0) return;
    for (const resolve of emptied) resolve();
    emptied.clear();
  };
  return {
    acquire(target, waiter) {
      const key = formatAddress(target);
      let sessions = targets.get(key);
      if (!sessions) {
        sessions = new TargetSessions({ target, limits, emptied: () => forget(key) });
        targets.set(key, sessions);
      }
      return sessions.acquire(waiter);
    },
    drain() {
      if (targets.size === 0) return Promise.resolve();
      for (const sessions of [...targets.values()]) sessions.close();
      return new Promise((resolve) => void emptied.add(resolve));
    },
    destroy() {
      for (const sessions of [...targets.values()]) sessions.destroy();
    },
  };
}

interface TargetOptions {
  readonly target: SocketAddress;
  readonly limits: Limits;
  /** The last session is gone and nobody waits. */
  readonly emptied: () => void;
}

interface Waiting {
  readonly waiter: Waiter;
  readonly deadline: NodeJS.Timeout;
}

/** The sessions of one endpoint: streams go to the first with room; where none has, another is opened. */
class TargetSessions {
  readonly #options: TargetOptions;
  readonly #sessions = new Set<UpstreamSession>();
  readonly #waiting = new Set<Waiting>();

  constructor(options: TargetOptions) {
    this.#options = options;
  }

  acquire(waiter: Waiter): CancelWaiting {
    const session = this.#withRoom();
    if (session) {
      waiter.ready(session);
      return () => undefined;
    }
    const waiting: Waiting = { waiter, deadline: this.#deadline(() => waiting, waiter.timeoutMs) };
    this.#waiting.add(waiting);
    this.#openWhereNeeded();
    return () => this.#remove(waiting);
  }

  close(): void {
    for (const session of [...this.#sessions]) {
      if (session.phase === 'connecting') session.destroy();
      else session.close();
    }
  }

  destroy(): void {
    for (const session of [...this.#sessions]) session.destroy();
  }

  #withRoom(): UpstreamSession | undefined {
    for (const session of this.#sessions) if (session.hasRoom) return session;
    return undefined;
  }

  #openWhereNeeded(): void {
    if (this.#waiting.size <= this.#count('connecting') * EXPECTED_STREAMS) return;
    if (this.#sessions.size >= MAX_SESSIONS_PER_TARGET) return;
    for (const session of this.#sessions) if (session.takesNothing) return;
    const { target, limits } = this.#options;
    this.#sessions.add(
      new UpstreamSession({
        target,
        limits,
        events: {
          ready: () => this.#serve(),
          room: () => this.#serve(),
          leaving: (_session, error) => this.#left(error),
          closed: (session) => this.#closed(session),
        },
      }),
    );
  }

  #count(phase: UpstreamSession['phase']): number {
    let count = 0;
    for (const session of this.#sessions) if (session.phase === phase) count += 1;
    return count;
  }

  #serve(): void {
    for (const waiting of [...this.#waiting]) {
      const session = this.#withRoom();
      if (!session) break;
      this.#remove(waiting);
      waiting.waiter.ready(session);
    }
    if (this.#waiting.size > 0) this.#openWhereNeeded();
  }

  /**
   * Where no connection is up and none is on its way, a failed one takes its waiters with it: to let them queue for the next
   * would hide a dead endpoint. It is never reopened for them here, so a refusing endpoint is not hammered.
   */
  #left(error: ProxyError | undefined): void {
    if (!error) return this.#waiting.size > 0 ? this.#openWhereNeeded() : undefined;
    if (this.#count('connecting') + this.#count('ready') === 0) this.#failAll(error);
  }

  #failAll(error: ProxyError): void {
    for (const waiting of [...this.#waiting]) {
      this.#remove(waiting);
      waiting.waiter.failed(error);
    }
  }

  #closed(session: UpstreamSession): void {
    this.#sessions.delete(session);
    if (this.#waiting.size > 0) this.#openWhereNeeded();
    else if (this.#sessions.size === 0) this.#options.emptied();
  }

  #remove(waiting: Waiting): void {
    clearTimeout(waiting.deadline);
    this.#waiting.delete(waiting);
  }

  #deadline(waiting: () => Waiting, ownMs: number | undefined): NodeJS.Timeout {
    const { target, limits } = this.#options;
    const timeoutMs = ownMs ?? limits.connectTimeoutMs;
    return setTimeout(() => {
      this.#remove(waiting());
      waiting().waiter.failed(
        new ProxyError(
          'connect-timeout',
          `no room for another stream to ${formatAddress(target)} within ${timeoutMs} ms`,
          { retryable: true },
        ),
      );
    }, timeoutMs);
  }
}
