import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf, removeCgroup } from './cgroup.ts';
import { tryRun } from './command.ts';
import { restoreKernelSettings } from './kernel-settings.ts';
import { layoutOf, type Layout } from './layout.ts';
import { removeNetwork } from './network.ts';
import { isAbandoned, readClaims, readState, removeState, type ClusterState } from './state.ts';
import { until } from './until.ts';

/**
 * Takes a cluster down whatever state it is in: every process (found by its control group), mount, namespace, group and folder;
 * logs and keys stay until the next cluster of that name. Says on which slot nothing was up by doing nothing.
 */
export async function takeDown(layout: Layout, state: ClusterState | undefined): Promise<void> {
  await removeCgroup(layout.id);
  await unmountBelow([layout.folder, layout.sockets]);
  await removeNetwork(layout);
  removeTraces(layout);
  if (state !== undefined) restoreKernelSettings(state.kernelSettings);
  removeState(layout);
}

/** By name; answers false when there is none. */
export async function takeDownByName(name: string): Promise<boolean> {
  const state = readState(name);
  if (state === undefined) return false;
  await takeDown(layoutOf(name, state.slot), state);
  return true;
}

/** What runs that were killed have left, of this checkout or another. */
export async function takeDownAbandoned(): Promise<readonly string[]> {
  const abandoned = readClaims().filter(isAbandoned);
  for (const { slot, stateFile, state } of abandoned) {
    const layout = { ...layoutOf(state?.name ?? 'unknown', slot), folder: join(stateFile, '..'), stateFile };
    await takeDown(layout, state);
  }
  return abandoned.map(({ stateFile, slot }) => `${stateFile} (slot ${slot})`);
}

/** Processes of the cluster that live, for whoever wants to know that nothing is left. */
export function leftProcesses(layout: Layout): number[] {
  return processesOf(layout.id);
}

/** Deepest first; a mount that is busy for a moment is tried again. */
async function unmountBelow(folders: readonly string[]): Promise<void> {
  await until(`the mounts below ${folders.join(' and ')} go`, async () => {
    const mounts = mountsBelow(folders);
    for (const mount of mounts.toReversed()) await tryRun('umount', [mount]);
    return mountsBelow(folders).length === 0;
  });
}

function mountsBelow(folders: readonly string[]): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    )
    .filter((mount) => folders.some((folder) => mount.startsWith(`${folder}/`)));
}

/** Folders of the node's data, and what programs with fixed paths have put elsewhere under the cluster's name. */
function removeTraces({ folder, id }: Layout): void {
  for (const data of ['containerd', 'etcd', 'kubelet', 'cni', 'pods'])
    rmSync(join(folder, data), { recursive: true, force: true });
  for (const file of list('/var/lib/cni/results')) {
    if (file.startsWith(`/var/lib/cni/results/${id}-`)) rmSync(file, { force: true });
  }
  for (const link of list('/var/log/containers')) {
    if (readlinkSync(link).startsWith(`${folder}/`)) rmSync(link);
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
