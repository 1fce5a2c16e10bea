import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

const MOUNT = '/sys/fs/cgroup';

/** cgroup v2 alone, or the hierarchies of v1 (with v2 beside them for membership only, on some machines). */
function hierarchies(): readonly string[] {
  if (isV2()) return [MOUNT];
  return readdirSync(MOUNT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(MOUNT, entry.name, 'cgroup.procs')))
    .map((entry) => join(MOUNT, entry.name));
}

function isV2(): boolean {
  return existsSync(join(MOUNT, 'cgroup.controllers'));
}

/** The hierarchy that tells which processes are the cluster's: one in which every descendant stays, containers too. */
function membership(): string {
  const known = [join(MOUNT, 'unified'), join(MOUNT, 'pids')];
  return isV2()
    ? MOUNT
    : (known.find((each) => existsSync(join(each, 'cgroup.procs'))) ?? join(MOUNT, 'cpu'));
}

/** Makes the cluster's group everywhere, so that the kubelet can put pods into it; answers where processes are to join. */
export function makeCgroup(id: string): string {
  for (const hierarchy of hierarchies()) {
    const group = join(hierarchy, id);
    mkdirSync(group, { recursive: true });
    // cpuset of v1 takes no process before it knows its processors and memory.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (!isV2() && existsSync(join(group, file)))
        writeFileSync(join(group, file), readFileSync(join(hierarchy, file)));
    }
    if (isV2()) delegate(hierarchy, group);
  }
  const members = join(membership(), id, 'system');
  mkdirSync(members, { recursive: true });
  return members;
}

function delegate(parent: string, group: string): void {
  const controllers = readFileSync(join(parent, 'cgroup.controllers'), 'utf8').trim().split(' ');
  const all = controllers.map((controller) => `+${controller}`).join(' ');
  for (const each of [parent, group]) writeFileSync(join(each, 'cgroup.subtree_control'), all);
}

/** Every process of the cluster, containers included. */
export function processesOf(id: string): number[] {
  const pids = new Set<number>();
  for (const hierarchy of [membership(), join(MOUNT, 'pids')]) {
    for (const group of groupsBelow(join(hierarchy, id))) {
      for (const pid of readProcs(group)) pids.add(pid);
    }
  }
  return [...pids];
}

/** Kills what is left of the cluster and removes its groups. */
export async function removeCgroup(id: string): Promise<void> {
  await until(`the processes of ${id} end`, async () => {
    const pids = processesOf(id);
    for (const pid of pids) kill(pid);
    return pids.length === 0;
  });
  for (const hierarchy of hierarchies()) {
    const groups = groupsBelow(join(hierarchy, id));
    // A group is busy for a moment after its last process has gone.
    await until(`the control group ${join(hierarchy, id)} is empty`, async () => {
      for (const group of groups.toReversed()) if (existsSync(group)) rmdirSync(group);
      return true;
    });
  }
}

/** A group and all below it, parents first. */
function groupsBelow(group: string): string[] {
  if (!existsSync(group)) return [];
  const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [group, ...children.flatMap((child) => groupsBelow(join(group, child.name)))];
}

function readProcs(group: string): number[] {
  try {
    return readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    // Gone between the listing and now: nobody is in it.
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended by itself.
  }
}
