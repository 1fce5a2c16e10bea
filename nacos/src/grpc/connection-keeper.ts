import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import { NacosError, type NacosErrorCode } from '../nacos-error.ts';
import type { AccessToken } from '../access-token.ts';
import { asNacosError } from '../as-nacos-error.ts';
import { Awaited } from './awaited.ts';
import { connect, type Connection, type ConnectionOptions } from './connection.ts';
import type { LinkStatus } from './link-status.ts';
import type { ServerRotation } from './server-rotation.ts';

export interface KeeperOptions extends Omit<ConnectionOptions, 'server'> {
  readonly rotation: ServerRotation;
  readonly token: AccessToken;
  readonly status: LinkStatus;
  /** In [0, 1). */
  readonly random: () => number;
  /** There is a new connection; status listeners have been told. */
  readonly onConnected: (connection: Connection) => void;
}

/** Sees to it that there is a connection, for as long as it takes. */
export interface ConnectionKeeper {
  /** The one there is, or the next one. Rejects with a NacosError where none is to be had at once. */
  connection(): Promise<Connection>;
  close(): void;
}

/** Upper bounds of the first pause. */
const RETRY_BASE_MS = 100;
const REFUSED_BASE_MS = 500;
/** What another attempt in a moment may change. */
const PASSING: ReadonlySet<NacosErrorCode> = new Set(['nacos_unreachable', 'nacos_timeout']);

export function keepConnection(options: KeeperOptions): ConnectionKeeper {
  const keeper = new Keeper(options);
  keeper.start();
  return keeper;
}

class Keeper implements ConnectionKeeper {
  readonly #options: KeeperOptions;
  readonly #closing = new AbortController();
  /** After a whole round of attempts that failed, who asks hears so at once. */
  readonly #awaited = new Awaited<Connection>();
  /** How often in a row it has failed in the same manner. */
  #failures = 0;
  #wasPassing = true;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#run().catch((error: unknown) => this.#tellFailure(asNacosError(error), true));
  }

  connection(): Promise<Connection> {
    return this.#awaited.promise;
  }

  close(): void {
    this.#closing.abort(closedError());
    this.#awaited.reject(closedError());
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const pause = await this.#once();
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One attempt, to the end of the connection that it makes; says how long to rest then. */
  async #once(): Promise<number> {
    const { token, rotation, status } = this.#options;
    try {
      // Asked for here so that wrong credentials are an outage with a reason, not a thousand refused subscriptions.
      await token.current();
    } catch (error) {
      this.#tellFailure(status.describe(asNacosError(error)), true);
      // Who gets the token keeps his own, longer pauses between logins.
      return this.#pauseAfter(true);
    }
    let connection: Connection;
    try {
      connection = await this.#attempt();
    } catch (error) {
      const isRoundOver = rotation.isRoundOver();
      const known = asNacosError(error);
      this.#tellFailure(status.describe(known), isRoundOver);
      // The other members are tried at once.
      return isRoundOver ? this.#pauseAfter(PASSING.has(known.code)) : 0;
    }
    return this.#live(connection);
  }

  async #attempt(): Promise<Connection> {
    const { rotation, status } = this.#options;
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const server = rotation.next();
    status.trying(server);
    return connect({ ...this.#options, server }, signal);
  }

  async #live(connection: Connection): Promise<number> {
    const { signal } = this.#closing;
    const close = (): void => connection.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    else this.#tellConnection(connection);
    const since = performance.now();
    const { error, moveTo } = await connection.ended;
    signal.removeEventListener('abort', close);
    if (moveTo !== undefined) this.#options.rotation.prefer(moveTo);
    if (performance.now() - since >= this.#options.timings.settled) this.#failures = 0;
    // Where a connection is cut, the next attempt often succeeds at once: no outage then. A server that is silent has been so for long.
    this.#tellFailure(this.#options.status.describe(error), error.code === 'nacos_timeout');
    return this.#pauseAfter(PASSING.has(error.code));
  }

  #tellConnection(connection: Connection): void {
    const { rotation, status, onConnected } = this.#options;
    rotation.restart();
    this.#awaited.resolve(connection);
    status.connected(connection.server);
    onConnected(connection);
  }

  #tellFailure(error: NacosError, isOutage: boolean): void {
    if (this.#closing.signal.aborted) return;
    const { status } = this.#options;
    if (isOutage) this.#awaited.reject(error);
    else if (status.current().state === 'connected') this.#awaited.reset();
    status.failed(error, isOutage);
  }

  #pauseAfter(isPassing: boolean): number {
    const { random, timings } = this.#options;
    if (isPassing !== this.#wasPassing) this.#failures = 0;
    this.#wasPassing = isPassing;
    return backoffMs(this.#failures++, {
      baseMs: isPassing ? RETRY_BASE_MS : REFUSED_BASE_MS,
      maxMs: isPassing ? timings.retryAtMost : timings.refusedRetryAtMost,
      random,
    });
  }
}

function closedError(): NacosError {
  return new NacosError('nacos_closed', 'this Nacos client has been closed');
}
