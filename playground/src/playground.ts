import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import { startChild } from './child-process.ts';
import type { Child, ChildSpec } from './child-process.ts';
import { GATEWAY_ADDRESS, WORKLOADS } from './layout.ts';
import type { Workload } from './layout.ts';
import { meshFile } from './mesh-file.ts';
import { choosePorts } from './ports.ts';
import type { PlaygroundPorts } from './ports.ts';

/** The running playground: the gateway and six applications, each with its sidecar. */
export interface Playground {
  /** `http://127.0.0.1:8080` */
  readonly gatewayUrl: string;
  /** Admin address of the gateway and of each sidecar that runs, in the order of a request's way. */
  admins(): readonly AdminAddress[];
  readonly meshFile: string;
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

const SIDECAR = '../../dist/sidecar/main.mjs';
const SIDECAR_FLAGS = new URL('../../dist/sidecar/node-flags.json', import.meta.url);
const APP = './demo-app.ts';
/** The sidecars have no long requests to wait for when they end. */
const DRAIN_TIMEOUT_MS = '500';

function appSpec(workload: Workload, ports: PlaygroundPorts): ChildSpec {
  return {
    name: workload.title,
    program: APP,
    env: {
      APP_NAME: workload.title,
      APP_ADDRESS: workload.address,
      APP_PORT: String(ports.app),
      APP_PROXY_PORT: String(ports.outbound),
      APP_CALLS: workload.calls ?? '',
    },
    readyUrl: `http://${workload.address}:${ports.app}/healthz`,
  };
}

function commonEnv(address: string, ports: PlaygroundPorts, file: string): Record<string, string> {
  return {
    [VARIABLES.configFile]: file,
    [VARIABLES.adminListen]: `${address}:${ports.admin}`,
    [VARIABLES.statusListen]: `${address}:${ports.status}`,
    [VARIABLES.podAddress]: address,
    [VARIABLES.drainTimeoutMs]: DRAIN_TIMEOUT_MS,
    [VARIABLES.logLevel]: 'warn',
  };
}

function sidecarSpec(workload: Workload, ports: PlaygroundPorts, file: string): ChildSpec {
  return {
    name: `the sidecar of ${workload.title}`,
    program: SIDECAR,
    nodeFlags: JSON.parse(readFileSync(SIDECAR_FLAGS, 'utf8')) as readonly string[],
    env: {
      ...commonEnv(workload.address, ports, file),
      [VARIABLES.role]: 'sidecar',
      [VARIABLES.app]: workload.service,
      [VARIABLES.pod]: workload.title,
      ...(workload.lane === BASELINE ? {} : { [VARIABLES.lane]: workload.lane }),
      [VARIABLES.outboundListen]: `${workload.address}:${ports.outbound}`,
      [VARIABLES.inboundListen]: `${workload.address}:${ports.inbound}`,
      [VARIABLES.appAddress]: `${workload.address}:${ports.app}`,
    },
    readyUrl: `http://${workload.address}:${ports.status}/ready`,
  };
}

function gatewaySpec(ports: PlaygroundPorts, file: string): ChildSpec {
  return {
    name: 'the gateway',
    program: SIDECAR,
    nodeFlags: JSON.parse(readFileSync(SIDECAR_FLAGS, 'utf8')) as readonly string[],
    env: {
      ...commonEnv(GATEWAY_ADDRESS, ports, file),
      [VARIABLES.role]: 'gateway',
      [VARIABLES.pod]: 'gateway',
      [VARIABLES.gatewayListen]: `${GATEWAY_ADDRESS}:${ports.gateway}`,
    },
    readyUrl: `http://${GATEWAY_ADDRESS}:${ports.status}/ready`,
  };
}

function adminsOf(ports: PlaygroundPorts): readonly AdminAddress[] {
  const alongTheWay = WORKLOADS.toSorted((one, other) => one.address.localeCompare(other.address));
  const places = [{ title: 'gateway', address: GATEWAY_ADDRESS }, ...alongTheWay];
  return places.map(({ title, address }) => ({ title, url: `http://${address}:${ports.admin}` }));
}

export interface PlaygroundOptions {
  /** Gives up the start; everything started so far is ended. */
  readonly signal: AbortSignal;
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

function startAll(
  ports: PlaygroundPorts,
  file: string,
  onCrash: (error: Error) => void,
): Map<string, readonly Child[]> {
  const start = (spec: ChildSpec): Child => startChild(spec, onCrash);
  const pods = new Map<string, readonly Child[]>([['gateway', [start(gatewaySpec(ports, file))]]]);
  for (const one of WORKLOADS) {
    pods.set(one.title, [start(appSpec(one, ports)), start(sidecarSpec(one, ports, file))]);
  }
  return pods;
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
  const file = join(folder, 'mesh.yaml');
  const allAdmins = adminsOf(ports);
  let pods = new Map<string, readonly Child[]>();
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
  try {
    await writeFile(file, meshFile(ports.inbound));
    const crashed = new Promise<never>((_resolve, reject) => {
      onCrash = reject;
    });
    pods = startAll(ports, file, (error) => onCrash(error));
    const ready = Promise.all(running().map((child) => child.ready()));
    await Promise.race([ready, crashed, whenAborted(options.signal)]);
    onCrash = (error) => options.onCrash(error);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    gatewayUrl: `http://${GATEWAY_ADDRESS}:${ports.gateway}`,
    admins: () => allAdmins.filter(({ title }) => pods.has(title)),
    meshFile: file,
    pids: () => running().map((child) => child.pid),
    async stopWorkload(title) {
      await Promise.all((pods.get(title) ?? []).map((child) => child.stop()));
      pods.delete(title);
    },
    close,
  };
}
