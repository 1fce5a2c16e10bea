import type { EndpointConfig } from '@lanekeeper/protocol/model';
import type { CatalogWriter } from '../../../catalog/create-catalog.ts';
import { mergeEndpoints } from '../../../catalog/merge-endpoints.ts';
import type { SourceService } from '../../../catalog/source-service.ts';
import { SERVICE_PORT } from '../convert/service-port.ts';

/**
 * What all registries together say of each service, on its way to the catalog. A service that several of them know, or several
 * namespaces that are one in the mesh, is one: the endpoints of all, each once, the first registry of the file counting first.
 */
export class ServiceTable {
  readonly #catalog: Pick<CatalogWriter, 'apply'>;
  /** Service id -> what each origin says, by its number. */
  readonly #parts = new Map<string, Map<number, readonly EndpointConfig[]>>();
  readonly #changed = new Set<string>();
  #scheduled: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor(catalog: Pick<CatalogWriter, 'apply'>) {
    this.#catalog = catalog;
  }

  put(origin: number, id: string, endpoints: readonly EndpointConfig[]): void {
    const parts = this.#parts.get(id);
    if (parts === undefined) this.#parts.set(id, new Map([[origin, endpoints]]));
    else parts.set(origin, endpoints);
    this.#change(id);
  }

  remove(origin: number, id: string): void {
    const parts = this.#parts.get(id);
    if (parts?.delete(origin) !== true) return;
    if (parts.size === 0) this.#parts.delete(id);
    this.#change(id);
  }

  /** Puts into the catalog what has changed. Happens by itself, once for all changes of one turn of the event loop. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#isClosed || this.#changed.size === 0) return;
    const put: SourceService[] = [];
    const removed: string[] = [];
    for (const id of this.#changed) {
      const service = this.#serviceOf(id);
      if (service === undefined) removed.push(id);
      else put.push(service);
    }
    this.#changed.clear();
    this.#catalog.apply({ source: 'nacos', put, removed });
  }

  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#scheduled);
  }

  #change(id: string): void {
    if (this.#isClosed) return;
    this.#changed.add(id);
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  #serviceOf(id: string): SourceService | undefined {
    const parts = this.#parts.get(id);
    if (parts === undefined) return undefined;
    const lists = [...parts].sort(([a], [b]) => a - b).map(([, endpoints]) => endpoints);
    const [namespace = '', name = ''] = splitId(id);
    return {
      config: {
        ...{ name, namespace, hosts: [], addresses: [] },
        ports: [{ port: SERVICE_PORT, protocol: 'auto' }],
        endpoints: mergeEndpoints(lists),
      },
      exportTo: '*',
    };
  }
}

/** No namespace of a mesh has a slash in its name. */
function splitId(id: string): readonly [namespace: string, name: string] {
  const slash = id.indexOf('/');
  return [id.slice(0, slash), id.slice(slash + 1)];
}
