import type { Log } from '@lanekeeper/runtime/log';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { NacosError } from '../nacos-error.ts';
import type { NamingStatus } from '../naming-client.ts';
import type { ServerOptions } from '../server-options.ts';

/** What is known of the link to a server, for those who ask and for the log: one line when an outage begins, one when it ends. */
export interface LinkStatus {
  current(): NamingStatus;
  onChange(listener: (status: NamingStatus) => void): () => void;
  /** The same with names: of the registry, of the member that is tried or was last spoken to, and of the user. */
  describe(error: NacosError): NacosError;
  trying(server: SocketAddress): void;
  connected(server: SocketAddress): void;
  /** There is no connection, for a reason that has been described. `isOutage`: nor is another one to be had at once, from any member. */
  failed(error: NacosError, isOutage: boolean): void;
  /** Nobody is told anything any more. */
  close(): void;
}

export interface LinkStatusOptions {
  readonly options: Pick<ServerOptions, 'name' | 'servers' | 'credentials'>;
  readonly log: Log;
  readonly nowMs: () => number;
}

export function createLinkStatus(options: LinkStatusOptions): LinkStatus {
  return new Status(options);
}

class Status implements LinkStatus {
  readonly #options: LinkStatusOptions;
  readonly #listeners = new Set<(status: NamingStatus) => void>();
  #status: NamingStatus;
  /** Whether the log has been told that an outage has begun. */
  #isTold = false;

  constructor(options: LinkStatusOptions) {
    this.#options = options;
    this.#status = {
      state: 'connecting',
      sinceMs: options.nowMs(),
      protocol: 'grpc',
      server: undefined,
      connections: 0,
      problem: `Nacos server ${JSON.stringify(options.options.name)} has not been reached yet`,
    };
  }

  current(): NamingStatus {
    return this.#status;
  }

  onChange(listener: (status: NamingStatus) => void): () => void {
    // One that is added twice is told twice, and each end ends one.
    const own = (status: NamingStatus): void => listener(status);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  describe(error: NacosError): NacosError {
    const { name, credentials } = this.#options.options;
    const subject = `Nacos server ${JSON.stringify(name)}`;
    // Who gets the token names both itself.
    if (error.code === 'nacos_closed' || error.message.includes(subject)) return error;
    const user = credentials === undefined ? '' : ` as user ${JSON.stringify(credentials.username)}`;
    const at = this.#status.server === undefined ? '' : ` at ${this.#status.server}`;
    const sentence = `${subject}${at}${user}: ${error.message}`;
    return new NacosError(error.code, sentence, { cause: error });
  }

  trying(server: SocketAddress): void {
    this.#status = { ...this.#status, server: formatAddress(server) };
  }

  connected(server: SocketAddress): void {
    const { nowMs } = this.#options;
    this.#tellEnd(formatAddress(server));
    this.#change({
      ...{ state: 'connected', sinceMs: nowMs(), protocol: 'grpc', problem: undefined },
      server: formatAddress(server),
      connections: this.#status.connections + 1,
    });
  }

  failed(error: NacosError, isOutage: boolean): void {
    const problem = error.message;
    if (isOutage) this.#tellBegin(error, problem);
    const { state, sinceMs } = this.#status;
    const next = state === 'connecting' ? 'connecting' : 'lost';
    const since = next === state ? sinceMs : this.#options.nowMs();
    this.#change({ ...this.#status, state: next, sinceMs: since, problem });
  }

  close(): void {
    this.#listeners.clear();
  }

  #change(status: NamingStatus): void {
    const before = this.#status;
    this.#status = status;
    if (before.state === status.state && before.problem === status.problem) return;
    for (const listener of this.#listeners) listener(status);
  }

  #tellBegin(error: NacosError, problem: string): void {
    // Who gets the token has told of wrong credentials already.
    if (this.#isTold || error.code === 'nacos_credentials_refused') return;
    this.#isTold = true;
    this.#options.log.warn({ ...this.#who(), code: error.code, problem }, 'nacos_lost');
  }

  #tellEnd(server: string): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    const { log, nowMs } = this.#options;
    log.info({ ...this.#who(), server, lastedMs: nowMs() - this.#status.sinceMs }, 'nacos_back');
  }

  #who(): Readonly<Record<string, unknown>> {
    const { name, servers, credentials } = this.#options.options;
    return { registry: name, servers: servers.map(formatAddress), user: credentials?.username };
  }
}
