import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { ControlPlaneConfig } from '../config.ts';
import { createFileMeshSource } from './file/file-mesh-source.ts';
import type { MeshSource } from './mesh-source.ts';

export interface MeshSourceOptions {
  readonly config: ControlPlaneConfig;
  readonly log: Log;
  readonly metrics: Metrics;
}

export async function createMeshSource({ config, log, metrics }: MeshSourceOptions): Promise<MeshSource> {
  const { source, clusterDomain } = config;
  if (source.kind === 'file') return createFileMeshSource({ path: source.path, clusterDomain, log });
  // Loaded for it only: a control plane of a file needs no client of the API server.
  const { createKubernetesMeshSource } = await import('./kubernetes/kubernetes-mesh-source.ts');
  return createKubernetesMeshSource({ source, clusterDomain, log, metrics });
}
