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
const FLAGS = new URL('../../dist/sidecar/node-flags.json', import.meta.url);
const GATEWAY_FLAGS = new URL('../../dist/sidecar/gateway-node-flags.json', import.meta.url);

export interface SidecarOptions {
  /** Further variables by their short names in protocol/variables. */
  readonly variables?: Partial<Record<keyof typeof VARIABLES, string>>;
  /** Variables that are not Lanekeeper's own. */
  readonly environment?: Readonly<Record<string, string>>;
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
  const file = writeMesh(options, folder);
  const [command, ...args] = [
    ...(options.prefix ?? []),
    options.node ?? process.execPath,
    ...nodeFlags(variables.role === 'gateway' ? GATEWAY_FLAGS : FLAGS),
    ...(options.nodeArgs ?? []),
    SIDECAR_PROGRAM,
  ];
  const running = await startProcess({
    command: command ?? process.execPath,
    args,
    env: {
      ...environmentOf({ ...listen, ...(file === undefined ? {} : { configFile: file }), ...variables }),
      ...options.environment,
    },
    ready: /"event":"ready"/,
  }).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
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

function writeMesh({ mesh, meshFormat = 'yaml' }: SidecarOptions, folder: string): string | undefined {
  if (mesh === undefined) return undefined;
  const file = join(folder, `mesh.${meshFormat}`);
  writeFileSync(file, meshFormat === 'json' ? JSON.stringify(mesh) : stringify(mesh));
  return file;
}

/** Without the listeners that the role does not have. */
function environmentOf(variables: NonNullable<SidecarOptions['variables']>): Record<string, string> {
  const absent = new Set(
    variables.role === 'gateway' ? ['outboundListen', 'inboundListen'] : ['gatewayListen'],
  );
  const given = Object.entries(variables).filter(([name]) => !absent.has(name));
  return Object.fromEntries(given.map(([name, value]) => [VARIABLES[name as keyof typeof VARIABLES], value]));
}

/** As the image, or the chart's gateway, runs it. */
function nodeFlags(file: URL): readonly string[] {
  return JSON.parse(readFileSync(file, 'utf8')) as readonly string[];
}
