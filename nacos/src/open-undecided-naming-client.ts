import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientDependencies } from './client-dependencies.ts';
import { askMembersGeneration } from './http/ask-members-generation.ts';
import type { InstanceList, ServiceKey } from './instance.ts';
import { NacosError } from './nacos-error.ts';
import type { NamingClient, NamingStatus } from './naming-client.ts';
import type { ServerOptions } from './server-options.ts';

export interface UndecidedDependencies extends Required<ClientDependencies> {
  readonly open: { readonly grpc: () => NamingClient; readonly http: () => NamingClient };
  /** Default {@link GRPC_PATIENCE_MS}. */
  readonly grpcPatienceMs?: number;
}

/** Between two rounds of asking, while no member tells what it is: a server that returns is to be used within two seconds. */
const RETRY_MS = 500;
/**
 * A Nacos 2 whose HTTP port answers and whose gRPC port does not for so long is taken for one of which only the HTTP port can be
 * reached, as where a Service in front of it names no other. What it says over HTTP is right too, if later.
 */
const GRPC_PATIENCE_MS = 5_000;

/**
 * A naming client whose protocol is found out by asking the server, for as long as it takes: what is not there yet is never taken for
 * an old one. What is subscribed meanwhile is subscribed then; what is asked meanwhile is refused.
 */
export function openUndecidedNamingClient(
  options: ServerOptions,
  dependencies: UndecidedDependencies,
): NamingClient {
  return new UndecidedNamingClient(options, dependencies);
}

interface Wish {
  end: () => void;
  begin: (client: NamingClient) => void;
}

class UndecidedNamingClient implements NamingClient {
  readonly #options: ServerOptions;
  readonly #dependencies: UndecidedDependencies;
  readonly #closed = new AbortController();
  readonly #wishes = new Set<Wish>();
  readonly #openedAtMs = Date.now();
  #decided: NamingClient | undefined;
  #isWarned = false;
  #trouble: unknown;

  constructor(options: ServerOptions, dependencies: UndecidedDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    void this.#decide();
  }

  async listServices(group: string): Promise<readonly string[]> {
    return this.#client().listServices(group);
  }

  async query(service: ServiceKey): Promise<InstanceList> {
    return this.#client().query(service);
  }

  subscribe(service: ServiceKey, listener: (list: InstanceList) => void): () => void {
    return this.#later((client) => client.subscribe(service, listener));
  }

  async refresh(service: ServiceKey): Promise<void> {
    await this.#decided?.refresh(service);
  }

  status(): NamingStatus {
    if (this.#decided !== undefined) return this.#decided.status();
    return {
      ...{ state: 'connecting', sinceMs: this.#openedAtMs, protocol: undefined, server: undefined },
      ...{ connections: 0, problem: this.#problem() },
    };
  }

  onStatus(listener: (status: NamingStatus) => void): () => void {
    return this.#later((client) => client.onStatus(listener));
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#wishes.clear();
    await this.#decided?.close();
  }

  #client(): NamingClient {
    if (this.#closed.signal.aborted)
      throw new NacosError('nacos_closed', 'this Nacos client has been closed');
    if (this.#decided === undefined) throw new NacosError('nacos_unreachable', this.#problem());
    return this.#decided;
  }

  /** What `begin` returns ends it. */
  #later(begin: (client: NamingClient) => () => void): () => void {
    if (this.#decided !== undefined) return begin(this.#decided);
    const wish: Wish = {
      end: () => void this.#wishes.delete(wish),
      begin: (client) => (wish.end = begin(client)),
    };
    this.#wishes.add(wish);
    return () => wish.end();
  }

  async #decide(): Promise<void> {
    const { signal } = this.#closed;
    let closedSinceMs: number | undefined;
    while (!signal.aborted) {
      const { token, grpcPatienceMs = GRPC_PATIENCE_MS } = this.#dependencies;
      const troubled = (error: unknown): void => void (this.#trouble = error);
      const generation = await askMembersGeneration(this.#options, { token, signal, troubled });
      if (signal.aborted) return;
      if (generation === 'grpc' || generation === 'http') return this.#use(generation);
      closedSinceMs = generation === 'closed' ? (closedSinceMs ?? performance.now()) : undefined;
      if (closedSinceMs !== undefined && performance.now() - closedSinceMs >= grpcPatienceMs) {
        this.#warnOfClosed();
        return this.#use('http');
      }
      if (generation === undefined) this.#warn();
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #use(generation: 'grpc' | 'http'): void {
    const { log, open } = this.#dependencies;
    const client = open[generation]();
    this.#decided = client;
    const { protocol } = client.status();
    const lastedMs = Date.now() - this.#openedAtMs;
    if (this.#isWarned) log.info({ registry: this.#options.name, protocol, lastedMs }, 'nacos_back');
    for (const wish of this.#wishes) wish.begin(client);
    this.#wishes.clear();
  }

  #warn(): void {
    const trouble = this.#trouble;
    // Whoever logs in tells of wrong credentials.
    const isTold = trouble instanceof NacosError && trouble.code === 'nacos_credentials_refused';
    if (this.#isWarned || isTold) return;
    this.#isWarned = true;
    this.#dependencies.log.warn({ registry: this.#options.name, problem: this.#problem() }, 'nacos_lost');
  }

  #warnOfClosed(): void {
    const { name: registry, servers, grpcPortOffset } = this.#options;
    const ports = servers.map(({ address, port }) => `${address}:${port + grpcPortOffset}`).join(', ');
    const problem = `nothing answers at ${ports}, where Nacos 2 speaks gRPC: it is polled over HTTP. Open that port (a Service in front of it must name it too), or say protocol: http`;
    this.#dependencies.log.warn({ registry, problem }, 'nacos_grpc_unreachable');
  }

  #problem(): string {
    const { name, servers } = this.#options;
    const addresses = servers.map(({ address, port }) => `${address}:${port}`).join(', ');
    const why = this.#trouble instanceof Error ? ` (${this.#trouble.message})` : '';
    return `Nacos server ${JSON.stringify(name)} does not say yet whether it speaks gRPC or HTTP only: none of ${addresses} answers${why}`;
  }
}
