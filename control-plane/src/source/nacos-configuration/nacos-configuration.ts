import type { ConfigClient } from '@lanekeeper/nacos/config-client';
import type { Log } from '@lanekeeper/runtime/log';
import type { CatalogWriter } from '../../catalog/create-catalog.ts';
import type { NacosConfigurationPlace, NacosRegistry } from '../nacos/registry.ts';
import type { Source } from '../source.ts';
import { describe, LaneDocuments, type DocumentPlace } from './lane-documents.ts';

export interface NacosConfigurationOptions {
  readonly registries: readonly NacosRegistry[];
  readonly catalog: CatalogWriter;
  /** Opens a client of one Nacos namespace. Rejects where the settings of the registry cannot be used. */
  readonly open: (registry: NacosRegistry, namespace: string) => Promise<ConfigClient>;
  readonly log: Log;
}

/** Lanes and rules that stand in configurations of Nacos, a third home for them beside files and the cluster. */
export function createNacosConfiguration(options: NacosConfigurationOptions): Source {
  return new NacosConfiguration(options);
}

/** A registry that keeps configurations for us. */
type Home = NacosRegistry & { readonly configuration: NacosConfigurationPlace };

class NacosConfiguration implements Source {
  readonly name = 'nacos';
  readonly #options: NacosConfigurationOptions;
  readonly #documents: LaneDocuments;
  readonly #places: readonly DocumentPlace[];
  readonly #clients: ConfigClient[] = [];
  readonly #heardOfAll = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(options: NacosConfigurationOptions) {
    this.#options = options;
    this.#documents = new LaneDocuments(options.catalog, options.log);
    this.#places = options.registries.filter(hasConfiguration).flatMap(placesOf);
  }

  async start(): Promise<void> {
    await Promise.all(this.#options.registries.filter(hasConfiguration).map((home) => this.#follow(home)));
    this.#checkIfAll();
    await this.#heardOfAll.promise;
  }

  problems(): readonly string[] {
    const unread = this.#places.filter((place) => !this.#documents.knows(place));
    return [
      ...unread.map((place) => `${describe(place)}: has not been read yet`),
      ...this.#documents.problems(),
      ...this.#clients.flatMap((client) => client.problems()),
    ];
  }

  findings(): readonly string[] {
    return this.#documents.findings();
  }

  close(): void {
    this.#isClosed = true;
    for (const client of this.#clients) this.#end(client);
  }

  async #follow(home: Home): Promise<void> {
    const client = await this.#options.open(home, home.configuration.namespace);
    if (this.#isClosed) return this.#end(client);
    this.#clients.push(client);
    for (const place of this.#places.filter(({ registry }) => registry === home.name)) {
      client.follow({ dataId: place.dataId, group: place.group }, (content) => {
        if (this.#isClosed) return;
        if (content === undefined && mayBeLost(home, client)) this.#documents.miss(place);
        else this.#documents.take(place, content);
        this.#checkIfAll();
      });
    }
  }

  #end(client: ConfigClient): void {
    client.close().catch((err: unknown) => this.#options.log.warn({ err }, 'nacos_close_failed'));
  }

  #checkIfAll(): void {
    if (this.#places.every((place) => this.#documents.knows(place))) this.#heardOfAll.resolve();
  }
}

/** A server answers what it has lost within this time after its return. */
const DOUBT_MS = 15_000;

/** Whether what is not there may have been lost by the server, and the user wants that held against it. */
function mayBeLost({ recovery }: Home, client: ConfigClient): boolean {
  return recovery.holdMs > 0 && client.steadyForMs() < DOUBT_MS;
}

function hasConfiguration(registry: NacosRegistry): registry is Home {
  return registry.configuration !== undefined;
}

function placesOf({ name, configuration }: Home): readonly DocumentPlace[] {
  const { namespace, group, dataIds } = configuration;
  return dataIds.map((dataId) => ({ registry: name, namespace, group, dataId }));
}
