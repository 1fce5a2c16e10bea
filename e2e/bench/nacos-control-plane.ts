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
  /** The sum of a metric's samples. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** The bundled program with the flags of its image and Nacos as its only source. */
export async function startOnNacos(httpPort: number): Promise<MeasuredControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nacos-'));
  const registries = join(folder, 'nacos.yaml');
  writeFileSync(registries, `registries:\n- {name: bench, servers: ["127.0.0.1:${httpPort}"]}\n`);
  const [port, statusPort] = [await freePort(), await freePort()];
  const variables = {
    source: 'nacos',
    nacosFile: registries,
    authentication: 'none',
    listen: `127.0.0.1:${port}`,
    statusListen: `127.0.0.1:${statusPort}`,
    certificateFile: at(`${TLS}/tls.crt`),
    keyFile: at(`${TLS}/tls.key`),
    drainDelayMs: '0',
  } as const;
  const started = performance.now();
  const running = await startProcess({
    command: process.execPath,
    args: [...shippedFlags(), CONTROL_PLANE_PROGRAM],
    env: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        CONTROL_PLANE_VARIABLES[name as keyof typeof variables],
        value,
      ]),
    ),
    ready: /"event":"ready"/,
    readyTimeoutMs: 120_000,
  });
  const readyMs = performance.now() - started;
  const status = (field: string): number => {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(
      readFileSync(`/proc/${running.pid}/status`, 'utf8'),
    );
    return Number(match?.[1] ?? 0) / 1024;
  };
  return {
    port,
    ca: readFileSync(at(`${TLS}/ca.crt`), 'utf8'),
    readyMs,
    megabytes: () => status('VmRSS'),
    peakMegabytes: () => status('VmHWM'),
    cpuSeconds: () => cpuSecondsOf(running.pid),
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

function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name in brackets: state is the first field, user and system time the 12th and 13th (proc(5)), 100 a second.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function shippedFlags(): readonly string[] {
  return JSON.parse(readFileSync(at('../../dist/control-plane/node-flags.json'), 'utf8')) as string[];
}
