import type { ClientDependencies } from '../client-dependencies.ts';
import type { ConfigClient, ConfigKey } from '../config-client.ts';
import type { Log } from '@lanekeeper/runtime/log';
import { createNacosApi, type NacosApi } from '../http/nacos-api.ts';
import { tokenFor } from '../http/token-for.ts';
import { NacosError } from '../nacos-error.ts';
import type { ServerOptions } from '../server-options.ts';
import { ConfigHttpAgent } from './config-http-agent.ts';
import { loadPackage, type PackageConfigClient } from './load-package.ts';
import { createPackageConfigClient } from './package-config-client.ts';
import { createPatientRequests } from './patient-requests.ts';
import { createTroubles, type Troubles } from './troubles.ts';

type Listener = (content: string | undefined) => void;

/** A poll, and reads of some configurations at once. */
const MAX_CONNECTIONS = 6;

/** Follows configurations with the npm package `nacos` over requests of our own (ADR 12). The package is loaded at the first `follow`. */
export function openConfigClient(options: ServerOptions, dependencies: ClientDependencies): ConfigClient {
  return new NpmConfigClient(options, dependencies);
}

class NpmConfigClient implements ConfigClient {
  readonly #namespace: string;
  readonly #log: Log;
  readonly #closed = new AbortController();
  readonly #token: ReturnType<typeof tokenFor>;
  readonly #api: NacosApi;
  readonly #troubles: Troubles;
  readonly #agent: ConfigHttpAgent;
  #package: Promise<PackageConfigClient> | undefined;

  constructor(options: ServerOptions, dependencies: ClientDependencies) {
    // Servers know the public namespace as the one without a name; asked by its name, they find each content new.
    this.#namespace = options.namespace === 'public' ? '' : options.namespace;
    this.#log = dependencies.log;
    this.#token = tokenFor(options, dependencies);
    this.#api = createNacosApi(options, { token: this.#token, maxConnections: MAX_CONNECTIONS });
    this.#troubles = createTroubles({
      log: dependencies.log,
      fields: { registry: options.name, namespace: options.namespace },
      events: { begin: 'nacos_config_lost', end: 'nacos_config_back' },
    });
    const requests = createPatientRequests(this.#api, this.#troubles);
    this.#agent = new ConfigHttpAgent(requests, this.#closed.signal);
  }

  follow({ dataId, group }: ConfigKey, listener: Listener): () => void {
    // The package hands an exception of a listener to the process.
    const tell = (content: string | null): void => {
      if (followed.isEnded) return;
      try {
        listener(content === null ? undefined : withoutMark(content));
      } catch (error) {
        this.#log.error({ dataId, group, err: error }, 'nacos_config_listener_failed');
      }
    };
    const followed = { isEnded: this.#closed.signal.aborted };
    const wish = `follow configuration ${dataId} of group ${group}`;
    const begin = async (): Promise<void> => {
      try {
        const client = await this.#client();
        if (!followed.isEnded && !this.#closed.signal.aborted) client.subscribe({ dataId, group }, tell);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#troubles.begin(wish, new NacosError('nacos_refused', `cannot ${wish}: ${why}`));
      }
    };
    if (!followed.isEnded) void begin();
    return () => {
      if (followed.isEnded) return;
      followed.isEnded = true;
      this.#troubles.end(wish);
      void this.#package
        ?.then((client) => client.unSubscribe({ dataId, group }, tell))
        .catch(() => undefined);
    };
  }

  problems(): readonly string[] {
    return this.#troubles.sentences();
  }

  steadyForMs(): number {
    return this.#troubles.overForMs();
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#api.close();
    this.#token.release();
    await this.#package?.then((client) => client.close()).catch(() => undefined);
  }

  #client(): Promise<PackageConfigClient> {
    this.#package ??= loadPackage().then((loaded) =>
      createPackageConfigClient(loaded, { agent: this.#agent, namespace: this.#namespace, log: this.#log }),
    );
    return this.#package;
  }
}

/** A byte order mark is no part of a document. */
function withoutMark(content: string): string {
  return content.startsWith('\uFEFF') ? content.slice(1) : content;
}
