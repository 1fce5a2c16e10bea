import type { RootLog } from '@lanekeeper/runtime/log';
import { redactConfig, type SidecarConfig } from '../config.ts';
import { json, type Endpoint } from './endpoint.ts';
import type { MeshState } from './admin-deps.ts';

export interface ConfigDeps {
  readonly config: SidecarConfig;
  readonly mesh: () => MeshState;
  readonly log: Pick<RootLog, 'level'>;
}

/** `GET /config`: settings of this process, the mesh configuration in use, and what was wrong with the last one refused. */
export function getConfig({ config, mesh, log }: ConfigDeps): Endpoint {
  return () => json({ settings: redactConfig(config), logLevel: log.level(), mesh: mesh() });
}
