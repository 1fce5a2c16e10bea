import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { startProcess, type RunningProcess } from './process.ts';

/** The bundled program, as the image will hold it; `npm run build` makes it. */
export const SIDECAR_PROGRAM = fileURLToPath(new URL('../../dist/sidecar/main.mjs', import.meta.url));
const FLAGS = fileURLToPath(new URL('../../dist/sidecar/node-flags.json', import.meta.url));

export interface SidecarOptions {
  /** Further variables by their short names in protocol/variables. */
  readonly variables?: Partial<Record<keyof typeof VARIABLES, string>>;
  /** The mesh as the file source reads it; absent: an empty mesh. */
  readonly mesh?: unknown;
  /** Default `yaml`; `json` is what docs/config-file.md recommends for a large mesh. */
  readonly meshFormat?: 'yaml' | 'json';
  readonly nodeArgs?: readonly string[];
  /** Runs the program under another command, `taskset -c 0` say. */
  readonly prefix?: readonly string[];
  readonly node?: string;
}

export interface SidecarProcess extends RunningProcess {
  readonly outbound: string;
  readonly inbound: string;
  readonly gateway: string;
  readonly admin: string;
  readonly status: string;
}

/** Starts a real sidecar process on free loopback ports and waits until it is ready. */
export async function startSidecar(options: SidecarOptions = {}): Promise<SidecarProcess> {
  const at = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
  const variables = options.variables ?? {};
  const listen = {
    outboundListen: variables.outboundListen ?? (await at()),
    inboundListen: variables.inboundListen ?? (await at()),
    gatewayListen: variables.gatewayListen ?? (await at()),
    adminListen: variables.adminListen ?? (await at()),
    statusListen: variables.statusListen ?? (await at()),
  };
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-'));
  const env: Record<string, string> = {};
  const set = (name: keyof typeof VARIABLES, value: string): void => {
    env[VARIABLES[name]] = value;
  };
  if (options.mesh !== undefined) {
    const format = options.meshFormat ?? 'yaml';
    const file = join(folder, `mesh.${format}`);
    writeFileSync(file, format === 'json' ? JSON.stringify(options.mesh) : stringify(options.mesh));
    set('configFile', file);
  }
  const isGateway = variables.role === 'gateway';
  for (const [name, value] of Object.entries({ ...listen, ...variables })) {
    if (!isGateway && name === 'gatewayListen') continue;
    if (isGateway && (name === 'outboundListen' || name === 'inboundListen')) continue;
    set(name as keyof typeof VARIABLES, value);
  }
  const [command, ...args] = [
    ...(options.prefix ?? []),
    options.node ?? process.execPath,
    ...nodeFlags(),
    ...(options.nodeArgs ?? []),
    SIDECAR_PROGRAM,
  ];
  const running = await startProcess({
    command: command ?? process.execPath,
    args,
    env,
    ready: /"event":"ready"/,
  });
  return {
    ...running,
    outbound: listen.outboundListen,
    inbound: listen.inboundListen,
    gateway: listen.gatewayListen,
    admin: listen.adminListen,
    status: listen.statusListen,
    stop: async (graceMs) => {
      const code = await running.stop(graceMs);
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** As the image runs it. */
function nodeFlags(): readonly string[] {
  return JSON.parse(readFileSync(FLAGS, 'utf8')) as readonly string[];
}
