import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import type { CatalogService, Versioned } from './catalog.ts';
import { contentHash } from './content-hash.ts';
import type { ExportTo, SourceService } from './source-service.ts';

/** A value with the hash of its content. The JSON is made again when it is first asked for: most of a mesh is of no interest to anybody. */
export class VersionedValue<T> implements Versioned<T> {
  readonly value: T;
  readonly version: string;
  #json: string | undefined;

  constructor(value: T) {
    this.value = value;
    this.version = contentHash(JSON.stringify(value));
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.value);
    return this.#json;
  }
}

export function catalogService({ config, exportTo }: SourceService): CatalogService {
  const versioned = new VersionedValue<ServiceConfig>(config);
  return {
    id: serviceId(config),
    namespace: config.namespace,
    exportTo,
    version: versioned.version,
    value: config,
    get json() {
      return versioned.json;
    },
  };
}

/** Whether nobody could tell the two apart. */
export function isSameService(a: CatalogService | undefined, b: CatalogService | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.version === b.version && isSameExport(a.exportTo, b.exportTo);
}

function isSameExport(a: ExportTo, b: ExportTo): boolean {
  if (a === '*' || b === '*') return a === b;
  return a.size === b.size && [...a].every((namespace) => b.has(namespace));
}
