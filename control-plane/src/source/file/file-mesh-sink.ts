import type { MeshConfig } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { MeshSink } from '@lanekeeper/mesh-file/mesh-sink';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { contentHash } from '../../catalog/content-hash.ts';
import type { CatalogWriter } from '../../catalog/create-catalog.ts';

/** Puts what a file says into the catalog: the control plane's side of the file source. */
export class FileMeshSink implements MeshSink {
  readonly #catalog: CatalogWriter;
  #generation = '';
  #ids: ReadonlySet<string> = new Set();
  #problems: readonly ConfigProblem[] = [];

  constructor(catalog: CatalogWriter) {
    this.#catalog = catalog;
  }

  accept(config: MeshConfig): boolean {
    this.#problems = [];
    const generation = contentHash(JSON.stringify(config));
    if (generation === this.#generation) return false;
    const { services, settings, groups, lanes, colouring, gateway } = config;
    const ids = new Set(services.map(serviceId));
    const removed = [...this.#ids].filter((id) => !ids.has(id));
    this.#ids = ids;
    this.#generation = generation;
    this.#catalog.apply({
      source: 'file',
      put: services.map((service) => ({ config: service, exportTo: '*' })),
      removed,
      mesh: { settings, groups, lanes, colouring, gateway },
    });
    return true;
  }

  reject(problems: readonly ConfigProblem[]): void {
    this.#problems = problems;
  }

  status(): { readonly generation: string; readonly problems: readonly ConfigProblem[] } {
    return { generation: this.#generation, problems: this.#problems };
  }
}
