import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import { stringify } from 'yaml';
import { SIDECAR_PROGRAM } from '../../harness/sidecar-process.ts';
import { createNetwork, type Pod } from './network.ts';
import { redirectTraffic } from './redirect-program.ts';

const PROGRAMS = new URL('programs/', import.meta.url);

/** The command line of one of the programs beside this file. */
export function program(name: string, ...args: readonly string[]): readonly string[] {
  const path = fileURLToPath(new URL(name, PROGRAMS));
  return name.endsWith('.py') ? ['python3', path, ...args] : [process.execPath, path, ...args];
}

/** ClusterIP of service b: routed nowhere, so that only a sidecar can bring it to life. */
export const SERVICE_B = '198.51.100.10';
export const B_TCP_PORT = 7001;

const PORTS_OF_B = { 80: 8080, 9090: 9090, 7000: 7000, 7001: 7000, 8443: 8443 };

const MESH = {
  services: [
    {
      name: 'a',
      ports: [{ port: 80 }],
      endpoints: [{ address: '192.0.2.10', ports: { 80: 8080 }, pod: 'caller' }],
    },
    {
      name: 'b',
      addresses: [SERVICE_B],
      ports: [
        { port: 80 },
        { port: 9090 },
        { port: 7000 },
        { port: B_TCP_PORT, protocol: 'tcp' },
        { port: 8443 },
      ],
      endpoints: [
        { address: '192.0.2.20', ports: PORTS_OF_B, pod: 'base' },
        { address: '192.0.2.21', ports: PORTS_OF_B, pod: 'gray', lane: 'gray' },
      ],
    },
  ],
  groups: [{ name: 'demo', services: ['a', 'b'] }],
  lanes: [{ name: 'gray', group: 'demo' }],
};

export interface MeshPods {
  readonly caller: Pod;
  readonly base: Pod;
  readonly gray: Pod;
  /** A pod without a sidecar. */
  readonly stranger: Pod;
  close(): Promise<void>;
}

/** A calls B, which has a base and a gray pod; each has the rules, a real sidecar as user 1337, and an application as root. */
export async function startMeshPods(): Promise<MeshPods> {
  const network = createNetwork();
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-'));
  const meshFile = join(folder, 'mesh.yaml');
  writeFileSync(meshFile, stringify(MESH));
  const close = async (): Promise<void> => {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const caller = network.addPod('caller', '192.0.2.10');
    const base = network.addPod('base', '192.0.2.20');
    const gray = network.addPod('gray', '192.0.2.21');
    const stranger = network.addPod('stranger', '192.0.2.30');
    await Promise.all([
      startPod(caller, { app: 'a', lane: 'base', meshFile }),
      startPod(base, { app: 'b', lane: 'base', meshFile }),
      startPod(gray, { app: 'b', lane: 'gray', meshFile }),
    ]);
    return { caller, base, gray, stranger, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface PodSettings {
  readonly app: string;
  readonly lane: string;
  readonly meshFile: string;
}

/** In the order of Kubernetes: the init program, the sidecar, the application. */
async function startPod(pod: Pod, { app, lane, meshFile }: PodSettings): Promise<void> {
  redirectTraffic(pod);
  const env = {
    [VARIABLES.app]: app,
    [VARIABLES.lane]: lane,
    [VARIABLES.pod]: pod.name,
    [VARIABLES.podAddress]: pod.address,
    [VARIABLES.configFile]: meshFile,
  };
  await pod.start([process.execPath, SIDECAR_PROGRAM], { asProxy: true, env, ready: /"event":"ready"/ });
  await pod.start(program('application.ts', pod.name), { ready: /listening/ });
}
