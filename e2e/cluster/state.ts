import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ComponentName } from './components.ts';
import { clusterFolder, layoutOf, SLOTS, type Layout, type Slot } from './layout.ts';
import { isRunning, type ProcessMark } from './process-mark.ts';

/** What `cluster.json` says of a cluster: enough to restart its parts, and to clean up after a run that was killed. */
export interface ClusterState {
  /** As it was made: a later version may lay clusters out in another way. */
  readonly layout: Layout;
  /** The run that made it; undefined when it was left up on purpose. */
  readonly owner: ProcessMark | undefined;
  /** Kernel settings that the kubelet changes for the whole machine, as they were before. */
  readonly kernelSettings: Readonly<Record<string, string>>;
  readonly components: Partial<Record<ComponentName, ComponentState>>;
}

export interface ComponentState extends ProcessMark {
  readonly command: readonly string[];
  readonly log: string;
}

export function readState(name: string): ClusterState | undefined {
  return parse(join(clusterFolder(name), 'cluster.json'));
}

function parse(file: string): ClusterState | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ClusterState) : undefined;
}

/** The state of a cluster that is up, or an error that says how to get one. */
export function requireState(name: string): ClusterState {
  const state = readState(name);
  if (state !== undefined) return state;
  throw new Error(
    `there is no cluster '${name}'; make one with: npm run e2e -- --cluster build --keep --name ${name}`,
  );
}

export function writeState(layout: Layout, state: ClusterState): void {
  mkdirSync(layout.folder, { recursive: true });
  // Whoever reads it while it is written sees the one or the other.
  const draft = `${layout.stateFile}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(draft, layout.stateFile);
}

/**
 * Takes a slot for one cluster, machine-wide; false when it is taken. The folder of the sockets says whose it is, for runs of
 * other checkouts, and it is there with all of that or not at all.
 */
export function claimSlot(layout: Layout, owner: ProcessMark): boolean {
  const draft = mkdtempSync(`${layout.sockets}.`);
  chmodSync(draft, 0o711);
  writeFileSync(join(draft, 'owner.json'), JSON.stringify({ stateFile: layout.stateFile, owner }));
  try {
    renameSync(draft, layout.sockets);
    return true;
  } catch (error) {
    rmSync(draft, { recursive: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

export interface Claim {
  readonly slot: Slot;
  readonly stateFile: string;
  readonly owner: ProcessMark;
  /** Absent when the run was killed before it wrote any, or its checkout is gone. */
  readonly state: ClusterState | undefined;
}

/** What is said of the slots that are taken. */
export function readClaims(): Claim[] {
  return SLOTS.flatMap((slot) => {
    const file = join(layoutOf('', slot).sockets, 'owner.json');
    if (!existsSync(file)) return [];
    const claim = JSON.parse(readFileSync(file, 'utf8')) as Omit<Claim, 'slot' | 'state'>;
    return [{ ...claim, slot, state: parse(claim.stateFile) }];
  });
}

/** Left behind: the run that made it is gone, and it was not to be kept. */
export function isAbandoned({ state, owner }: Claim): boolean {
  if (isRunning(owner)) return false;
  return state === undefined || state.owner !== undefined;
}

export function clusterNames(): string[] {
  const folder = clusterFolder('');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'cluster.json')));
}

export function removeState({ stateFile, sockets }: Layout): void {
  rmSync(stateFile, { force: true });
  rmSync(sockets, { recursive: true, force: true });
}
