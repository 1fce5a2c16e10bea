import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child-process.ts';
import type { Child, ChildSpec } from './child-process.ts';
import { GATEWAY_ADDRESS, WORKLOADS } from './layout.ts';
import { openFileHome } from './mesh-home.ts';
import type { MeshHome } from './mesh-home.ts';
import { openNacosHome } from './nacos-home.ts';
import type { NacosPlace } from './nacos-server/nacos-api.ts';
import { choosePorts } from './ports.ts';
import type { PlaygroundPorts } from './ports.ts';
import { appSpec, gatewaySpec, sidecarSpec } from './process-specs.ts';
import type { Site } from './process-specs.ts';

/** The running playground: the gateway and six applications, each with its sidecar. */
export interface Playground {
  /** `http://127.0.0.1:8080` */
  readonly gatewayUrl: string;
  /** Admin address of the gateway and of each sidecar that runs, in the order of a request's way. */
  admins(): readonly AdminAddress[];
  /** What people can look at and change in the mesh while it is up. */
  readonly notes: MeshHome['notes'];
  /** Process ids of everything that runs. */
  pids(): readonly number[];
  /** Ends the application of that title and its sidecar, as when its pod goes. */
  stopWorkload(title: string): Promise<void>;
  /** Ends every process and removes the files. Idempotent. */
  close(): Promise<void>;
}

export interface AdminAddress {
  readonly title: string;
  readonly url: string;
}

function adminsOf(ports: PlaygroundPorts): readonly AdminAddress[] {
  const alongTheWay = WORKLOADS.toSorted((one, other) => one.address.localeCompare(other.address));
  const places = [{ title: 'gateway', address: GATEWAY_ADDRESS }, ...alongTheWay];
  return places.map(({ title, address }) => ({ title, url: `http://${address}:${ports.admin}` }));
}

export interface PlaygroundOptions {
  /** Gives up the start; everything started so far is ended. */
  readonly signal: AbortSignal;
  /** A Nacos server that the applications register with; absent: the mesh stands in a file. */
  readonly nacos?: NacosPlace;
  /** A process ended that nobody asked to; the caller should close the playground. */
  onCrash(error: Error): void;
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(new Error('stopped before everything was up'));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** How often the start is tried when somebody else took a port between its choice and its use. */
const START_ATTEMPTS = 3;

/** Starts everything and resolves when all of it answers; when that fails, nothing is left behind. */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      const isPortTaken = error instanceof Error && /EADDRINUSE|address is in use/.test(error.message);
      if (!isPortTaken || options.signal.aborted || attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function startOnce(options: PlaygroundOptions): Promise<Playground> {
  const ports = await choosePorts();
  const folder = await mkdtemp(join(tmpdir(), 'lanekeeper-playground-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const allAdmins = adminsOf(ports);
  const pods = new Map<string, readonly Child[]>();
  const running = (): readonly Child[] => [...pods.values()].flat();

  const end = async (): Promise<void> => {
    await Promise.all(running().map((child) => child.stop()));
    pods.clear();
    await rm(folder, { recursive: true, force: true });
    process.removeListener('exit', removeFolder);
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= end());

  // Until everything is up a crash fails the start; from then on the caller is told.
  let onCrash = (error: Error): void => options.onCrash(error);
  const start = async (title: string, specs: readonly ChildSpec[]): Promise<void> => {
    // The start was given up while something else was awaited.
    if (closing !== undefined) return;
    const children = specs.map((spec) => startChild(spec, (error) => onCrash(error)));
    pods.set(title, children);
    await Promise.all(children.map((child) => child.ready()));
  };
  let home: MeshHome;
  try {
    const crashed = new Promise<never>((_resolve, reject) => {
      onCrash = reject;
    });
    const given = whenAborted(options.signal);
    home = await Promise.race([openHome(options, folder, ports), given]);
    await Promise.race([startAll({ ports, home }, start), crashed, given]);
    onCrash = (error) => options.onCrash(error);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    gatewayUrl: `http://${GATEWAY_ADDRESS}:${ports.gateway}`,
    admins: () => allAdmins.filter(({ title }) => pods.has(title)),
    notes: home.notes,
    pids: () => running().map((child) => child.pid),
    async stopWorkload(title) {
      await Promise.all((pods.get(title) ?? []).map((child) => child.stop()));
      pods.delete(title);
    },
    close,
  };
}

function openHome({ nacos }: PlaygroundOptions, folder: string, ports: PlaygroundPorts): Promise<MeshHome> {
  return nacos === undefined ? openFileHome(folder, ports) : openNacosHome({ nacos, folder, ports });
}

/** What knows the mesh is up before those who ask it. */
async function startAll(
  site: Site,
  start: (title: string, specs: readonly ChildSpec[]) => Promise<void>,
): Promise<void> {
  const { processes } = site.home;
  if (processes.length > 0) await start('control plane', processes);
  const pods = WORKLOADS.map((one) => start(one.title, [appSpec(one, site), sidecarSpec(one, site)]));
  await Promise.all([start('gateway', [gatewaySpec(site)]), ...pods]);
}
