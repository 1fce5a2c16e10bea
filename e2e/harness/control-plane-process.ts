import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONTROL_PLANE_VARIABLES } from '@lanekeeper/protocol/variables';
import { freePort } from './free-port.ts';
import type { Place } from './http-client.ts';
import { startProcess, type RunningProcess } from './process.ts';
import type { SidecarOptions } from './sidecar-process.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const CONTROL_PLANE_PROGRAM = at('../../dist/control-plane/main.mjs');
/** For localhost; its authority's key is gone. */
const TLS = '../../sidecar/src/discovery/testdata';

export interface ControlPlaneOptions {
  /** The mesh file that it publishes; absent: another source is in the variables. */
  readonly file?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Loopback; default 127.0.0.1. */
  readonly address?: string;
  /** The line of its output that is waited for; default: that it is ready. */
  readonly until?: RegExp;
  /** Further variables by their short names in protocol/variables. */
  readonly variables?: Partial<Record<keyof typeof CONTROL_PLANE_VARIABLES, string>>;
}

export interface ControlPlaneProcess extends RunningProcess {
  readonly port: number;
  /** Where /ready, /status and /metrics are. */
  readonly status: Place;
}

/** Starts the real program, with the file as its source unless told otherwise. It asks for no token: there is no API server to review one. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlaneProcess> {
  const { file, port = await freePort(), address = '127.0.0.1' } = options;
  const status = { address: '127.0.0.1', port: await freePort() };
  const values: NonNullable<ControlPlaneOptions['variables']> = {
    ...(file === undefined ? {} : { source: 'file', meshFile: file }),
    authentication: 'none',
    listen: `${address}:${port}`,
    statusListen: `${status.address}:${status.port}`,
    certificateFile: at(`${TLS}/tls.crt`),
    keyFile: at(`${TLS}/tls.key`),
    drainDelayMs: '0',
    ...options.variables,
  };
  const running = await startProcess({
    command: process.execPath,
    args: [CONTROL_PLANE_PROGRAM],
    env: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        CONTROL_PLANE_VARIABLES[name as keyof typeof values],
        value,
      ]),
    ),
    ready: options.until ?? /"event":"ready"/,
  });
  return { ...running, port, status };
}

/** Variables of a sidecar that takes its mesh from the control plane on `port`. */
export function discoveryVariables(
  port: number,
  tokenFile: string,
): NonNullable<SidecarOptions['variables']> {
  return {
    discoveryAddress: `localhost:${port}`,
    discoveryCa: readFileSync(at(`${TLS}/ca.crt`), 'utf8'),
    discoveryTokenFile: tokenFile,
    drainDelayMs: '0',
  };
}
