import type { ClientDependencies } from '@lanekeeper/nacos/client-dependencies';
import type { ConfigClient } from '@lanekeeper/nacos/config-client';
import { openNamingClient } from '@lanekeeper/nacos/open-naming-client';
import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { CatalogWriter } from '../catalog/create-catalog.ts';
import type { FileConfig } from '../config.ts';
import { createNacosConfiguration } from './nacos-configuration/nacos-configuration.ts';
import { createNacosSource } from './nacos/create-nacos-source.ts';
import { createPushReports } from './nacos/push-metrics.ts';
import { RegistryLogins } from './nacos/registry-logins.ts';
import type { NacosRegistry } from './nacos/registry.ts';
import { serverOptionsOf } from './nacos/server-options-of.ts';
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
  /** Undefined: no registry keeps lanes and rules. */
  configuration(catalog: CatalogWriter): Source | undefined;
  /** After the sources. */
  close(): void;
}

/** Throws a ConfigError with all that is wrong in the file. */
export async function openNacos({ path }: FileConfig, { log, metrics }: NacosDeps): Promise<OpenedNacos> {
  const registries = await readRegistries(path);
  const logins = new RegistryLogins(log);
  const depsOf = (server: ServerOptions): ClientDependencies => ({ log, token: logins.of(server) });
  return {
    registries,
    services(catalog) {
      const reportOf = createPushReports(metrics);
      return createNacosSource({
        ...{ registries, catalog, log, metrics },
        openClient: (server) => openNamingClient(server, { ...depsOf(server), metrics: reportOf(server) }),
      });
    },
    configuration(catalog) {
      if (registries.every(({ configuration }) => configuration === undefined)) return undefined;
      return createNacosConfiguration({
        ...{ registries, catalog, log },
        open: async (registry, namespace) => {
          const server = await serverOptionsOf(registry, namespace);
          return openClient(server, depsOf(server));
        },
      });
    },
    close: () => logins.close(),
  };
}

/** The library is loaded where configurations are kept only. */
async function openClient(server: ServerOptions, deps: ClientDependencies): Promise<ConfigClient> {
  const { openConfigClient } = await import('@lanekeeper/nacos/npm-client/open-config-client');
  return openConfigClient(server, deps);
}
