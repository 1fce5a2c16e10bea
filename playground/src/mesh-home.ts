import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import type { ChildSpec } from './child-process.ts';
import type { Workload } from './layout.ts';
import { meshFile } from './mesh-file.ts';
import type { PlaygroundPorts } from './ports.ts';

/** Where the playground's sidecars know their mesh from. */
export interface MeshHome {
  /** Variables of the gateway and of every sidecar. */
  readonly proxyEnv: Readonly<Record<string, string>>;
  appEnv(workload: Workload): Readonly<Record<string, string>>;
  /** Run beside the workloads and are up before them. */
  readonly processes: readonly ChildSpec[];
  /** What people can look at and change while everything is up: a line of explanation, then what to open or to type. */
  readonly notes: readonly { readonly what: string; readonly lines: readonly string[] }[];
}

/** A mesh file in `folder` that every sidecar watches. */
export async function openFileHome(folder: string, ports: PlaygroundPorts): Promise<MeshHome> {
  const file = join(folder, 'mesh.yaml');
  await writeFile(file, meshFile(ports.inbound));
  return {
    proxyEnv: { [VARIABLES.configFile]: file },
    appEnv: () => ({}),
    processes: [],
    notes: [{ what: 'the mesh; the sidecars watch this file, so edit it while they run', lines: [file] }],
  };
}
