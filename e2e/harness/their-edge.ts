import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Place } from './http-client.ts';
import { startProcess } from './process.ts';
import { untilListening } from './until-listening.ts';

const ADDRESS = '127.0.0.1';

/** A proxy that others wrote, with a configuration of the test's, as the edge in front of a mesh. */
export interface TheirEdge {
  readonly ports: readonly Place[];
  stop(): Promise<void>;
}

/** `configure` is given a free port for each of its listeners and says what stands in `http { … }`. */
export function startNginx(
  listeners: number,
  configure: (ports: readonly number[]) => string,
): Promise<TheirEdge> {
  return startEdge(listeners, (ports, folder) => ({
    command: 'nginx',
    // Before it has read where errors go it would want to write to the system's folder.
    args: ['-e', 'stderr', '-p', folder, '-c', join(folder, 'edge.conf')],
    text: `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 256; }
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
${configure(ports)}
}
`,
  }));
}

/** `configure` says what follows the defaults: front ends and back ends. */
export function startHaproxy(
  listeners: number,
  configure: (ports: readonly number[]) => string,
): Promise<TheirEdge> {
  return startEdge(listeners, (ports, folder) => ({
    command: 'haproxy',
    args: ['-db', '-f', join(folder, 'edge.conf')],
    text: `global
  nbthread 1
  maxconn 256
defaults
  mode http
  timeout client 20s
  timeout server 20s
  timeout connect 5s
${configure(ports)}
`,
  }));
}

interface EdgeProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly text: string;
}

async function startEdge(
  listeners: number,
  program: (ports: readonly number[], folder: string) => EdgeProgram,
): Promise<TheirEdge> {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-edge-'));
  const ports: number[] = [];
  while (ports.length < listeners) ports.push(await freePort(ADDRESS));
  const { command, args, text } = program(ports, folder);
  writeFileSync(join(folder, 'edge.conf'), text);
  const running = await startProcess({ command, args });
  const stop = async (): Promise<void> => {
    await running.stop(5_000);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const port of ports) await untilListening(port, ADDRESS);
  } catch (cause) {
    await stop();
    throw new Error(`${command} did not listen:\n${running.output()}`, { cause });
  }
  return { ports: ports.map((port) => ({ address: ADDRESS, port })), stop };
}

/**
 * For `describe.skipIf`: where the proxy is not installed its tests are skipped and the reason is printed; in CI, where nothing may
 * be missing, it is an error.
 */
export function skipsWithout(command: string): boolean {
  if (spawnSync('sh', ['-c', `command -v ${command}`]).status === 0) return false;
  if (process.env['CI'] === 'true')
    throw new Error(`the tests behind ${command} must run in CI: not installed`);
  process.stderr.write(`the tests behind ${command} are skipped: it is not installed\n`);
  return true;
}
