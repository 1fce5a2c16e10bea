import type { NamingClient } from '@lanekeeper/nacos/naming-client';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { CanonicalKey } from '../../catalog/catalog.ts';
import type { CatalogWriter } from '../../catalog/create-catalog.ts';
import type { Look, Source, WantedKeys } from '../source.ts';
import { ValuePool } from './convert/value-pool.ts';
import { createFollowerReport } from './follow/follower-report.ts';
import { NamespaceFollower } from './follow/namespace-follower.ts';
import { ServiceTable } from './follow/service-table.ts';
import type { SweepKind } from './follow/sweep-timer.ts';
import { FOLLOW_TIMINGS, type FollowTimings } from './follow/timings.ts';
import { WantedServices } from './follow/wanted-services.ts';
import { createNacosMetrics, type NacosMetrics } from './nacos-metrics.ts';
import type { NacosNamespace, NacosRegistry } from './registry.ts';
import { serverOptionsOf } from './server-options-of.ts';

export interface NacosSourceOptions {
  readonly registries: readonly NacosRegistry[];
  readonly catalog: Pick<CatalogWriter, 'apply' | 'resolve' | 'subscribe'>;
  /** A client of one Nacos namespace; the source closes it. */
  readonly openClient: (server: ServerOptions) => NamingClient;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timings?: Partial<FollowTimings>;
  /** Milliseconds of a clock that does not jump; default that of the process. */
  readonly now?: () => number;
}

/** One namespace of one registry, in the order of the file. */
interface Place {
  readonly registry: NacosRegistry;
  readonly namespace: NacosNamespace;
}

/** The services of some Nacos servers: all of them are known, those that sidecars need are followed. */
export function createNacosSource(options: NacosSourceOptions): Source {
  return new NacosSource(options);
}

class NacosSource implements Source {
  readonly name = 'nacos';
  readonly #options: NacosSourceOptions;
  readonly #places: readonly Place[];
  readonly #metrics: NacosMetrics;
  readonly #table: ServiceTable;
  readonly #wanted: WantedServices;
  readonly #pool = new ValuePool();
  readonly #followers = new Map<Place, NamespaceFollower>();
  #isClosed = false;

  constructor(options: NacosSourceOptions) {
    this.#options = options;
    this.#places = options.registries.flatMap((registry) =>
      registry.namespaces.map((namespace) => ({ registry, namespace })),
    );
    this.#metrics = createNacosMetrics(options.metrics);
    this.#table = new ServiceTable(options.catalog);
    this.#wanted = new WantedServices(options.catalog, {
      changed: (ids) => this.#each((follower) => follower.renew(ids)),
    });
  }

  /** Rejects where a file that a registry names cannot be read. */
  async start(): Promise<void> {
    const followers = await Promise.all(this.#places.map((place, origin) => this.#open(place, origin)));
    await Promise.all(followers.map((follower) => follower.start()));
    this.#table.flush();
  }

  problems(): readonly string[] {
    return this.#told((follower) => follower.problems());
  }

  findings(): readonly string[] {
    return this.#told((follower) => follower.findings());
  }

  want(change: WantedKeys): readonly Look[] {
    this.#wanted.want(change);
    return [this.#lookFor(change.asked), this.#freshen(change.asked)].filter((look) => look !== undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#wanted.close();
    this.#table.close();
    const { log } = this.#options;
    this.#each((follower) => {
      follower.close().catch((err: unknown) => log.warn({ err }, 'nacos_close_failed'));
    });
  }

  async #open(place: Place, origin: number): Promise<NamespaceFollower> {
    const { openClient, log, timings, now = () => performance.now() } = this.#options;
    const { registry, namespace } = place;
    const server = await serverOptionsOf(registry, namespace.id);
    // Whoever is closed meanwhile stays pending.
    if (this.#isClosed) await new Promise(() => undefined);
    const follower = new NamespaceFollower({
      ...{ origin, registry, namespace, now, table: this.#table, pool: this.#pool },
      client: openClient(server),
      isWanted: (id) => this.#wanted.has(id),
      report: createFollowerReport({
        ...{ registry: registry.name, namespace: labelOf(namespace), log, metrics: this.#metrics },
      }),
      timings: { ...FOLLOW_TIMINGS, ...timings },
    });
    this.#followers.set(place, follower);
    return follower;
  }

  /** What nobody knows is looked for in the directories. */
  #lookFor(asked: readonly CanonicalKey[]): Look | undefined {
    const keys = asked.filter((key) => this.#idsOf(key).length === 0);
    if (keys.length === 0) return undefined;
    return { keys: new Set(keys), why: 'unknown', over: this.#search(keys) };
  }

  /** Of a service that nobody has followed until now only an old list is known. */
  #freshen(asked: readonly CanonicalKey[]): Look | undefined {
    const followers = [...this.#followers.values()];
    const isStale = (id: string): boolean => followers.some((follower) => follower.isStale(id));
    const keys = asked.filter((key) => this.#idsOf(key).some(isStale));
    if (keys.length === 0) return undefined;
    const ids = [...new Set(keys.flatMap((key) => this.#idsOf(key)))].filter(isStale);
    const fresh = followers.flatMap((follower) => ids.map((id) => follower.freshen(id)));
    return { keys: new Set(keys), why: 'stale', over: this.#inForce(fresh) };
  }

  #idsOf(key: CanonicalKey): readonly string[] {
    return this.#options.catalog.resolve(key);
  }

  /** Most often it is a new service; else an address may be a new instance of one that is known. */
  async #search(keys: readonly CanonicalKey[]): Promise<boolean> {
    const isDone = await this.#sweep('names');
    if (!keys.some((key) => key.startsWith('ip:') && this.#idsOf(key).length === 0)) return isDone;
    return this.#sweep('all');
  }

  #sweep(kind: SweepKind): Promise<boolean> {
    return this.#inForce([...this.#followers.values()].map((follower) => follower.look(kind)));
  }

  /** What was found is in force before somebody asks what it means. */
  async #inForce(looks: readonly Promise<boolean>[]): Promise<boolean> {
    const done = await Promise.all(looks);
    this.#table.flush();
    return done.every(Boolean);
  }

  #each(action: (follower: NamespaceFollower) => void): void {
    for (const follower of this.#followers.values()) action(follower);
  }

  #told(sentences: (follower: NamespaceFollower) => readonly string[]): readonly string[] {
    return [...this.#followers].flatMap(([{ registry, namespace }, follower]) =>
      sentences(follower).map(
        (text) => `registry ${registry.name}, namespace ${labelOf(namespace)}: ${text}`,
      ),
    );
  }
}

function labelOf({ id }: NacosNamespace): string {
  return id === '' ? 'public' : id;
}
