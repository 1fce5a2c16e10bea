import type { Log } from '@lanekeeper/runtime/log';
import type { NacosError } from '../nacos-error.ts';
import type { NamingStatus } from '../naming-client.ts';

export interface ServerLinkOptions {
  readonly log: Log;
  /** Stand in each line: whose outage it is. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Asks the server whether it is there: the member that answers, or why none does. Must not reject. */
  readonly probe: () => Promise<{ readonly server: string | undefined } | NacosError>;
}

/** Between the end of a probe and the next, while the server does not answer: its return is to be seen within two seconds. */
const RETRY_MS = 700;
/** A server of which nobody wants anything is asked so often whether it is there. */
const IDLE_MS = 5000;

/** Whether a server that is only ever asked, over HTTP, is there: what a connection would tell. One line at each end of an outage. */
export class ServerLink {
  readonly #options: ServerLinkOptions;
  readonly #listeners = new Set<(status: NamingStatus) => void>();
  #status: NamingStatus = {
    ...{ state: 'connecting', sinceMs: Date.now(), protocol: 'http', server: undefined },
    ...{ connections: 0, problem: undefined },
  };
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<boolean> | undefined;
  #heardAt = -Infinity;
  #isWarned = false;
  #isClosed = false;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#checkOnce();
  }

  status(): NamingStatus {
    return this.#status;
  }

  onStatus(listener: (status: NamingStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** `server`: the member. Another one than before may know other things: that counts as a new connection. */
  answered(server: string | undefined): void {
    this.#heardAt = performance.now();
    const { state, server: before, connections, sinceMs } = this.#status;
    if (this.#isClosed || (state === 'connected' && server === before)) return;
    const lastedMs = Date.now() - sinceMs;
    if (this.#isWarned) this.#options.log.info({ ...this.#options.fields, server, lastedMs }, 'nacos_back');
    this.#isWarned = false;
    this.#change({ state: 'connected', server, connections: connections + 1, problem: undefined });
  }

  /** Something that was asked was not answered: is the server there at all? One that is known to be away is asked by the clock only. */
  async isThere(): Promise<boolean> {
    return this.#status.state === 'connected' && this.#checkOnce();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #checkOnce(): Promise<boolean> {
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #check(): Promise<boolean> {
    const found = await this.#options.probe();
    if (found instanceof Error) this.#failed(found);
    else this.answered(found.server);
    this.#lookIn(found instanceof Error ? RETRY_MS : IDLE_MS);
    return !(found instanceof Error);
  }

  #failed(error: NacosError): void {
    if (this.#isClosed) return;
    const { state, problem } = this.#status;
    if (state === 'connected') this.#change({ state: 'lost', problem: error.message });
    else if (problem === undefined) this.#change({ problem: error.message });
    // Whoever logs in tells of wrong credentials.
    if (this.#isWarned || error.code === 'nacos_credentials_refused') return;
    this.#isWarned = true;
    this.#options.log.warn({ ...this.#options.fields, problem: error.message }, 'nacos_lost');
  }

  #change(news: Partial<NamingStatus>): void {
    const hasMoved = news.state !== undefined && news.state !== this.#status.state;
    this.#status = { ...this.#status, ...news, ...(hasMoved ? { sinceMs: Date.now() } : {}) };
    for (const listener of this.#listeners) listener(this.#status);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      const isQuiet = performance.now() - this.#heardAt >= IDLE_MS;
      if (this.#status.state !== 'connected' || isQuiet) void this.#checkOnce();
      else this.#lookIn(IDLE_MS);
    }, ms);
  }
}
