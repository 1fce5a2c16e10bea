import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import { createCatalog, type CatalogWriter } from '../catalog/create-catalog.ts';
import type { ControlPlaneConfig } from '../config.ts';
import { NO_AUTHENTICATION } from '../publish/caller.ts';
import { createStaticTokens } from '../publish/static-tokens/static-tokens.ts';
import { allOrAllMistakes } from './all-mistakes.ts';
import { assembleMesh, type MeshAuthenticator } from './assemble-mesh.ts';
import { createFileMesh } from './file/file-mesh.ts';
import type { KubernetesCluster } from './kubernetes/kubernetes-cluster.ts';
import { registerMeshMetrics } from './mesh-metrics.ts';
import type { MeshSource } from './mesh-source.ts';
import type { OpenedNacos } from './open-nacos.ts';
import type { AwaitedSource } from './start-sources.ts';

export interface MeshSourceOptions {
  readonly config: ControlPlaneConfig;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * All sources of the settings on one catalog. What a source needs is loaded for it only: without Kubernetes there is no client of
 * an API server in the process, without Nacos none of its. Throws a ConfigError where something of the settings cannot be used.
 */
export async function createMeshSource(options: MeshSourceOptions): Promise<MeshSource> {
  const { config, log } = options;
  const [nacos, cluster] = await allOrAllMistakes(openNacos(options), openCluster(options));
  const catalog = cluster?.catalog ?? createCatalog({ clusterDomain: config.clusterDomain });
  const mesh = assembleMesh({
    ...{ catalog, cluster, log, registries: nacos?.registries ?? [], close: nacos?.close },
    sources: [
      ...(cluster === undefined ? [] : [{ source: cluster.source, patience: 'always' } as const]),
      ...fileSources(options, catalog),
      ...(nacos === undefined ? [] : nacosSources(nacos, config, catalog)),
    ],
    authenticator: createAuthenticator(options, cluster),
  });
  registerMeshMetrics(options.metrics, mesh);
  return mesh;
}

function fileSources({ config, log }: MeshSourceOptions, catalog: CatalogWriter): readonly AwaitedSource[] {
  const { kubernetes, nacos, file } = config.sources;
  if (file === undefined) return [];
  const otherServices = kubernetes === undefined && nacos === undefined ? 'none' : 'elsewhere';
  return [{ source: createFileMesh({ path: file.path, catalog, otherServices, log }), patience: 'always' }];
}

/**
 * What others know is better than nothing, so Nacos is waited for briefly beside them; where there are no others, nothing would be
 * served. Lanes and rules may always come later: services are of use without.
 */
function nacosSources(
  nacos: OpenedNacos,
  { sources }: ControlPlaneConfig,
  catalog: CatalogWriter,
): readonly AwaitedSource[] {
  const isAlone = sources.kubernetes === undefined && sources.file === undefined;
  const configuration = nacos.configuration(catalog);
  return [
    { source: nacos.services(catalog), patience: isAlone ? 'always' : 'briefly' },
    ...(configuration === undefined ? [] : [{ source: configuration, patience: 'briefly' } as const]),
  ];
}

async function openNacos({ config, log, metrics }: MeshSourceOptions): Promise<OpenedNacos | undefined> {
  const { nacos } = config.sources;
  if (nacos === undefined) return undefined;
  const door = await import('./open-nacos.ts');
  return door.openNacos(nacos, { log, metrics });
}

async function openCluster(options: MeshSourceOptions): Promise<KubernetesCluster | undefined> {
  const { config, log, metrics } = options;
  const { kubernetes } = config.sources;
  if (kubernetes === undefined) return undefined;
  const door = await import('./kubernetes/kubernetes-cluster.ts');
  return door.openCluster({ source: kubernetes, clusterDomain: config.clusterDomain, log, metrics });
}

function createAuthenticator(
  { config, log }: MeshSourceOptions,
  cluster: KubernetesCluster | undefined,
): MeshAuthenticator {
  const { authentication } = config;
  if (authentication.kind === 'static') return createStaticTokens({ path: authentication.path, log });
  if (authentication.kind === 'none') return NO_AUTHENTICATION;
  if (cluster === undefined)
    throw new TypeError('tokens are reviewed by the API server of source kubernetes');
  return cluster.reviewTokens(authentication.audience);
}
