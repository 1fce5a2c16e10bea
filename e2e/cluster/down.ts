import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { removeCgroup } from './cgroup.ts';
import { restoreKernelSettings } from './kernel-settings.ts';
import { layoutOf, type Layout } from './layout.ts';
import { unmountBelow } from './mounts.ts';
import { removeNetwork } from './network.ts';
import { isRunning } from './process-mark.ts';
import { isAbandoned, readClaims, readState, removeState, type ClusterState } from './state.ts';

/**
 * Takes a cluster down whatever state it is in: every process (found by its control group), mount, namespace, group and folder;
 * logs and keys stay until the next cluster of that name.
 */
export async function takeDown(layout: Layout, state: ClusterState | undefined): Promise<void> {
  const sandboxes = list(join(layout.sockets, 'containerd', 'io.containerd.runtime.v2.task', 'k8s.io')).map(
    (path) => basename(path),
  );
  await removeCgroup(layout.id);
  await unmountBelow([layout.folder, layout.sockets]);
  await removeNetwork(layout);
  removeTraces(layout, sandboxes);
  // Another cluster's kubelet would miss them; the last one to go puts them back.
  const isLast = readClaims().every(({ slot }) => slot === layout.slot);
  if (state !== undefined && isLast) restoreKernelSettings(state.kernelSettings);
  removeState(layout);
}

/** By name; answers false when there is none. */
export async function takeDownByName(name: string): Promise<boolean> {
  const state = readState(name);
  if (state === undefined) return false;
  await takeDown(state.layout, state);
  return true;
}

/** Made by this very process, and not left to anybody. */
export function isOwn(name: string): boolean {
  const owner = readState(name)?.owner;
  return owner?.pid === process.pid && isRunning(owner);
}

export async function takeDownOwn(name: string): Promise<void> {
  if (isOwn(name)) await takeDownByName(name);
}

/** What runs that were killed have left, of this checkout or another. */
export async function takeDownAbandoned(): Promise<readonly string[]> {
  const abandoned = readClaims().filter(isAbandoned);
  for (const { slot, stateFile, state } of abandoned) {
    // Its checkout may be gone, and with it all but what the slot says.
    const unknown = { ...layoutOf('unknown', slot), folder: dirname(stateFile), stateFile };
    await takeDown(state?.layout ?? unknown, state);
  }
  return abandoned.map(({ stateFile, slot }) => `${stateFile} (slot ${slot})`);
}

/** Folders of the node's data, and what programs with fixed paths have put elsewhere under the cluster's name. */
function removeTraces({ folder, id }: Layout, sandboxes: readonly string[]): void {
  for (const data of ['containerd', 'etcd', 'kubelet', 'cni', 'pods'])
    rmSync(join(folder, data), { recursive: true, force: true });
  for (const file of list('/var/lib/cni/results')) {
    if (file.startsWith(`/var/lib/cni/results/${id}-`) || sandboxes.some((sandbox) => file.includes(sandbox)))
      rmSync(file, { force: true });
  }
  for (const link of list('/var/log/containers')) {
    if (readlinkSync(link).startsWith(`${folder}/`)) rmSync(link);
  }
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
