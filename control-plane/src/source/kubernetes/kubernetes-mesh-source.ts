import { createApiClient } from '@lanekeeper/kubernetes/api-client';
import { loadCredentials } from '@lanekeeper/kubernetes/load-credentials';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { KubernetesSourceConfig } from '../../config.ts';
import { createCatalog } from '../../catalog/create-catalog.ts';
import { createTokenAuthenticator } from '../../publish/token-authenticator.ts';
import type { MeshSource } from '../mesh-source.ts';

export interface KubernetesMeshOptions {
  readonly source: KubernetesSourceConfig;
  readonly clusterDomain: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A mesh as the API server knows it; the same server says whose tokens the sidecars show. */
export async function createKubernetesMeshSource(options: KubernetesMeshOptions): Promise<MeshSource> {
  const { source, clusterDomain, metrics } = options;
  const client = createApiClient({
    credentials: await loadCredentials(source.api),
    userAgent: 'lanekeeper-control-plane',
  });
  const catalog = createCatalog({ clusterDomain });
  return {
    catalog,
    authenticator: createTokenAuthenticator({
      ...{ reviewer: client, audience: source.tokenAudience, metrics },
      nowMs: Date.now,
    }),
    start: () => Promise.resolve(),
    problems: () => [],
    close: () => client.close(),
  };
}
