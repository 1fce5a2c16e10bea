import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTROL_PLANE_VARIABLES } from '@lanekeeper/protocol/variables';
import { CONTROL_PLANE_PROGRAM } from '../harness/control-plane-process.ts';
import { freePort } from '../harness/free-port.ts';
import { startProcess } from '../harness/process.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const TLS = '../../sidecar/src/discovery/testdata';

export interface MeasuredControlPlane {
  readonly port: number;
  readonly ca: string;
  /** From the start of the process until it says that it is ready: all services are read then. */
  readonly readyMs: number;
  megabytes(): number;
  peakMegabytes(): number;
  cpuSeconds(): number;
  /** What it said so far. */
  log(): string;
  /** The sum of a metric's samples. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** The bundled program with the flags of its image and Nacos as its only source. */
export async function startOnNacos(httpPort: number): Promise<MeasuredControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nacos-'));
  const [port, statusPort] = [await freePort(), await freePort()];
  const variables = variablesOf({ folder, httpPort, port, statusPort });
  const started = performance.now();
  const running = await startProcess({
    command: process.execPath,
    args: [...shippedFlags(), CONTROL_PLANE_PROGRAM],
    env: Object.fromEntries(variables),
    ready: /"event":"ready"/,
    readyTimeoutMs: 120_000,
  });
  return {
    port,
    ca: readFileSync(at(`${TLS}/ca.crt`), 'utf8'),
    readyMs: performance.now() - started,
    megabytes: () => megabytesOf(running.pid, 'VmRSS'),
    peakMegabytes: () => megabytesOf(running.pid, 'VmHWM'),
    cpuSeconds: () => cpuSecondsOf(running.pid),
    log: running.output,
    async metric(name) {
      const response = await fetch(`http://127.0.0.1:${statusPort}/metrics`);
      const samples = (await response.text()).matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
      return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
    },
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Places {
  readonly folder: string;
  readonly httpPort: number;
  readonly port: number;
  readonly statusPort: number;
}

/** Names and values of the environment. */
function variablesOf({ folder, httpPort, port, statusPort }: Places): readonly (readonly [string, string])[] {
  const nacosFile = join(folder, 'nacos.yaml');
  writeFileSync(nacosFile, `registries:\n- {name: bench, servers: ["127.0.0.1:${httpPort}"]}\n`);
  const values = {
    source: 'nacos',
    nacosFile,
    authentication: 'none',
    listen: `127.0.0.1:${port}`,
    statusListen: `127.0.0.1:${statusPort}`,
    certificateFile: at(`${TLS}/tls.crt`),
    keyFile: at(`${TLS}/tls.key`),
    drainDelayMs: '0',
  } as const;
  return Object.entries(values).map(([name, value]) => [
    CONTROL_PLANE_VARIABLES[name as keyof typeof values],
    value,
  ]);
}

function megabytesOf(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024;
}

function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name in brackets: state is the first field, user and system time the 12th and 13th (proc(5)), 100 a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function shippedFlags(): readonly string[] {
  return JSON.parse(readFileSync(at('../../dist/control-plane/node-flags.json'), 'utf8')) as string[];
}
