import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import { NacosError, type NacosErrorCode } from '../nacos-error.ts';
import type { AccessToken } from '../access-token.ts';
import { asNacosError } from './as-nacos-error.ts';
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
  /** The one there is; where the first attempt is still under way its outcome. Rejects with a NacosError at once in an outage. */
  connection(): Promise<Connection>;
  close(): void;
}

/** Upper bounds of the first pause. */
const RETRY_BASE_MS = 100;
const REFUSED_BASE_MS = 500;
/** What another attempt in a moment may change. Who gets the token keeps his own, longer pauses between logins. */
const PASSING: ReadonlySet<NacosErrorCode> = new Set([
  'nacos_unreachable',
  'nacos_timeout',
  'nacos_credentials_refused',
]);

export function keepConnection(options: KeeperOptions): ConnectionKeeper {
  const keeper = new Keeper(options);
  keeper.start();
  return keeper;
}

class Keeper implements ConnectionKeeper {
  readonly #options: KeeperOptions;
  readonly #closing = new AbortController();
  /** The connection, or the first attempt to make one; while there is none, why. */
  #current: Promise<Connection>;
  /** How often in a row it has failed in the same manner. */
  #failures = 0;
  #wasPassing = true;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#current = rejected(closedError());
  }

  start(): void {
    const attempt = this.#attempt();
    this.#become(attempt);
    this.#run(attempt).catch((error: unknown) => this.#fail(asNacosError(error), true));
  }

  connection(): Promise<Connection> {
    return this.#current;
  }

  close(): void {
    this.#closing.abort(closedError());
    this.#become(rejected(closedError()));
  }

  async #run(first: Promise<Connection>): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = first; ;) {
      const pause = await this.#follow(attempt);
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      attempt = this.#attempt();
      // Another member may well answer; after a whole round who asks hears at once that none does.
      if (pause === 0) this.#become(attempt);
    }
  }

  /** To the end of this attempt and of the connection that it makes; says how long to rest then. */
  async #follow(attempt: Promise<Connection>): Promise<number> {
    let connection: Connection;
    try {
      connection = await attempt;
    } catch (error) {
      const isRoundOver = this.#options.rotation.isRoundOver();
      const known = asNacosError(error);
      this.#fail(known, isRoundOver);
      // The other members are tried at once.
      return isRoundOver ? this.#pauseAfter(known) : 0;
    }
    return this.#live(connection, attempt);
  }

  async #live(connection: Connection, attempt: Promise<Connection>): Promise<number> {
    const { status, rotation, timings, onConnected } = this.#options;
    const { signal } = this.#closing;
    const close = (): void => connection.close();
    signal.addEventListener('abort', close);
    if (signal.aborted) close();
    else {
      this.#become(attempt);
      rotation.restart();
      status.connected(connection.server);
      onConnected(connection);
    }
    const since = performance.now();
    const { error, moveTo } = await connection.ended;
    signal.removeEventListener('abort', close);
    if (moveTo !== undefined) rotation.prefer(moveTo);
    if (performance.now() - since >= timings.settled) this.#failures = 0;
    this.#fail(status.describe(error), false);
    return this.#pauseAfter(error);
  }

  #fail(error: NacosError, isOutage: boolean): void {
    if (this.#closing.signal.aborted) return;
    const { status } = this.#options;
    this.#become(rejected(error));
    status.failed(error, isOutage);
  }

  async #attempt(): Promise<Connection> {
    const { token, rotation, status } = this.#options;
    const { signal } = this.#closing;
    const server = rotation.next();
    status.trying(server);
    try {
      // Asked for here so that wrong credentials are an outage with a reason, not a thousand refused subscriptions.
      await token.current();
      signal.throwIfAborted();
      return await connect({ ...this.#options, server }, signal);
    } catch (error) {
      throw status.describe(asNacosError(error));
    }
  }

  #pauseAfter({ code }: NacosError): number {
    const { random, timings } = this.#options;
    const isPassing = PASSING.has(code);
    if (isPassing !== this.#wasPassing) this.#failures = 0;
    this.#wasPassing = isPassing;
    return backoffMs(this.#failures++, {
      baseMs: isPassing ? RETRY_BASE_MS : REFUSED_BASE_MS,
      maxMs: isPassing ? timings.retryAtMost : timings.refusedRetryAtMost,
      random,
    });
  }

  #become(current: Promise<Connection>): void {
    // Its failure is told by the status; who asks for the connection gets it as well.
    current.catch(() => undefined);
    this.#current = current;
  }
}

function rejected(error: NacosError): Promise<Connection> {
  const promise = Promise.reject<Connection>(error);
  promise.catch(() => undefined);
  return promise;
}

function closedError(): NacosError {
  return new NacosError('nacos_closed', 'this Nacos client has been closed');
}
