import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { CatalogWriter } from '../catalog/create-catalog.ts';
import type { FileConfig } from '../config.ts';
import type { NacosRegistry } from './nacos/registry.ts';
import { readRegistries } from './nacos/settings/read-registries.ts';
import type { Source } from './source.ts';

export interface NacosDeps {
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The registries of a file, and what becomes of them in a mesh. */
export interface OpenedNacos {
  readonly registries: readonly NacosRegistry[];
  services(catalog: CatalogWriter): Source;
}

/** Throws a ConfigError with all that is wrong in the file. */
export async function openNacos({ path }: FileConfig, deps: NacosDeps): Promise<OpenedNacos> {
  const registries = await readRegistries(path);
  return {
    registries,
    services: () => {
      throw new Error(`${registries.length} ${String(deps)}`);
    },
  };
}
