import type { Log } from '@lanekeeper/runtime/log';
import type { ClientDependencies } from '../client-dependencies.ts';
import { asNacosError } from '../as-nacos-error.ts';
import { createRefusalLog, type RefusalLog } from '../refusal-log.ts';
import type { InstanceList, ServiceKey } from '../instance.ts';
import { NacosError, type NacosErrorCode } from '../nacos-error.ts';
import type { NamingClient, NamingStatus } from '../naming-client.ts';
import type { ServerOptions } from '../server-options.ts';
import { FollowedService, type ListListener } from './followed-service.ts';
import { createNacosApi, type NacosApi } from './nacos-api.ts';
import { askIfThere, groupedName, readInstances, readServiceNames } from './naming-reads.ts';
import { PollQueue } from './poll-queue.ts';
import { ServerLink } from './server-link.ts';
import { tokenFor } from './token-for.ts';

/**
 * A change is seen below a second as long as a server has time: a Nacos 2 takes half a second before it tells it to those who ask, and
 * an old one tells it at once.
 */
const INTERVAL_MS = 300;
/** Up to 120 services are asked for that often; 1,000 every 2.5 s, at a quarter of a core of the server. */
const MAX_PER_SECOND = 400;
const CONCURRENCY = 16;

/** Follows services of a Nacos 1 server, which pushes over UDP only, by asking: a bounded number of times a second. */
export function openHttpNamingClient(options: ServerOptions, dependencies: ClientDependencies): NamingClient {
  return new HttpNamingClient(options, dependencies);
}

class HttpNamingClient implements NamingClient {
  readonly #namespace: string;
  readonly #token: ReturnType<typeof tokenFor>;
  readonly #api: NacosApi;
  readonly #link: ServerLink;
  readonly #queue: PollQueue<FollowedService>;
  readonly #services = new Map<string, FollowedService>();
  readonly #refusals: RefusalLog;
  readonly #log: Log;
  #isClosed = false;

  constructor(options: ServerOptions, dependencies: ClientDependencies) {
    this.#namespace = options.namespace;
    const { log } = dependencies;
    this.#log = log;
    const fields = { registry: options.name, namespace: options.namespace, protocol: 'http' };
    this.#refusals = createRefusalLog(log, fields);
    this.#token = tokenFor(options, dependencies);
    this.#api = createNacosApi(options, { token: this.#token, maxConnections: CONCURRENCY + 4 });
    this.#link = new ServerLink({ log, fields, probe: () => this.#probe() });
    this.#queue = new PollQueue({
      ...{ poll: (service) => this.#poll(service), concurrency: CONCURRENCY },
      ...{ intervalMs: INTERVAL_MS, maxPerSecond: MAX_PER_SECOND },
    });
    this.#link.onStatus(({ state }) => (state === 'connected' ? this.#queue.resume() : this.#queue.pause()));
    this.#link.start();
  }

  async listServices(group: string): Promise<readonly string[]> {
    return this.#looked(readServiceNames(this.#api, group, { namespace: this.#namespace }));
  }

  async query(service: ServiceKey): Promise<InstanceList> {
    return this.#looked(readInstances(this.#api, service, { namespace: this.#namespace }));
  }

  subscribe(key: ServiceKey, listener: ListListener): () => void {
    const name = groupedName(key);
    const service = this.#services.get(name) ?? this.#follow(name, key);
    // Whoever subscribes twice with one function is told twice, and ends each by itself.
    const mine = this.#guarded(listener);
    service.join(mine);
    return () => {
      service.leave(mine);
      if (service.isWanted || this.#services.get(name) !== service) return;
      this.#services.delete(name);
      this.#queue.remove(service);
      this.#refusals.settled(name);
    };
  }

  async refresh(key: ServiceKey): Promise<void> {
    const service = this.#services.get(groupedName(key));
    if (service !== undefined && this.#link.status().state === 'connected') await this.#poll(service);
  }

  status(): NamingStatus {
    return this.#link.status();
  }

  onStatus(listener: (status: NamingStatus) => void): () => void {
    return this.#link.onStatus(this.#guarded(listener));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue.pause();
    this.#link.close();
    this.#api.close();
    this.#token.release();
  }

  /** A listener that throws is a mistake of ours; it must not cost the other listeners. */
  #guarded<T>(listener: (told: T) => void): (told: T) => void {
    return (told) => {
      if (this.#isClosed) return;
      try {
        listener(told);
      } catch (error) {
        this.#log.error({ err: error }, 'nacos_listener_failed');
      }
    };
  }

  #follow(name: string, key: ServiceKey): FollowedService {
    const service = new FollowedService(key);
    this.#services.set(name, service);
    this.#queue.add(service);
    return service;
  }

  async #poll(service: FollowedService): Promise<void> {
    if (!service.isDue()) return;
    try {
      const list = await this.#ask(service.key);
      if (this.#isClosed || !service.isWanted) return;
      this.#refusals.settled(groupedName(service.key));
      service.told(list);
    } catch (error) {
      // What concerns all services is told once, and by the link.
      const isItsOwn = !isOfServer(error) || (await this.#link.isThere());
      if (this.#isClosed || !isItsOwn) return;
      this.#refusals.failed(groupedName(service.key), asNacosError(error));
      service.refused();
    }
  }

  #ask(key: ServiceKey): Promise<InstanceList> {
    return this.#answered(readInstances(this.#api, key, { namespace: this.#namespace }));
  }

  async #answered<T>(asked: Promise<T>): Promise<T> {
    const answer = await asked;
    this.#link.answered(this.#api.member());
    return answer;
  }

  async #probe(): Promise<{ readonly server: string | undefined } | NacosError> {
    try {
      await askIfThere(this.#api, { namespace: this.#namespace });
      return { server: this.#api.member() };
    } catch (error) {
      return error instanceof NacosError ? error : new NacosError('nacos_unreachable', String(error));
    }
  }

  /** Somebody else wanted an answer; that there was none is a reason to look. */
  async #looked<T>(asked: Promise<T>): Promise<T> {
    try {
      return await this.#answered(asked);
    } catch (error) {
      if (isOfServer(error)) void this.#link.isThere();
      throw error;
    }
  }
}

const OF_SERVER: readonly NacosErrorCode[] = [
  ...(['nacos_unreachable', 'nacos_timeout', 'nacos_credentials_refused', 'nacos_closed'] as const),
];

/** It concerns all that is asked of the server, not one service alone. */
function isOfServer(error: unknown): error is NacosError {
  return error instanceof NacosError && OF_SERVER.includes(error.code);
}
