import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNacosServer } from './build-nacos-server.ts';
import { findJavaTools } from './java-tools.ts';
import { ensurePassword, type NacosPlace } from './nacos-api.ts';
import { nacosArguments } from './nacos-command.ts';
import { chooseNacosPort, GRPC_OFFSET } from './nacos-ports.ts';
import { startNacosProcess, type NacosProcess, type ProcessPlan } from './nacos-process.ts';
import type { NacosServer, NacosServerOptions } from './nacos-server.ts';

const ADDRESS = '127.0.0.1';
const LOG = 'server.log';
/** Somebody else may take one of the ports between looking and starting. */
const ATTEMPTS = 3;

/** Builds the server where that is not done yet, and starts it as a process on free ports of loopback. */
export async function startNacosServer(options: NacosServerOptions = {}): Promise<NacosServer> {
  const jar = await buildNacosServer();
  const { java } = await findJavaTools();
  const temporary = mkdtempSync(join(tmpdir(), 'lanekeeper-nacos-'));
  const home = options.home ?? temporary;
  mkdirSync(home, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const httpPort = await chooseNacosPort();
    const place = { address: ADDRESS, httpPort, tls: options.tls };
    const plan = planOf({ java, jar, home, temporary, place }, options);
    try {
      return serverOf(plan, options, await startReady(plan, options));
    } catch (error) {
      if (isPortTaken(error) && attempt < ATTEMPTS) continue;
      rmSync(temporary, { recursive: true, force: true });
      throw error;
    }
  }
}

interface Parts extends Pick<ProcessPlan, 'java' | 'home' | 'temporary' | 'place'> {
  readonly jar: string;
}

function planOf({ jar, ...parts }: Parts, options: NacosServerOptions): ProcessPlan {
  const { home, place } = parts;
  return {
    ...parts,
    args: nacosArguments({ jar, home, port: place.httpPort }, options),
    logFile: join(home, LOG),
  };
}

async function startReady(plan: ProcessPlan, { auth }: NacosServerOptions): Promise<NacosProcess> {
  mkdirSync(join(plan.home, 'logs'), { recursive: true });
  const started = await startNacosProcess(plan);
  if (auth === undefined) return started;
  try {
    await ensurePassword(plan.place, auth.password);
  } catch (error) {
    await started.stop();
    throw error;
  }
  return started;
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /already in use|Failed to bind/i.test(error.message);
}

function serverOf(plan: ProcessPlan, options: NacosServerOptions, first: NacosProcess): NacosServer {
  const { address, httpPort }: NacosPlace = plan.place;
  let current = first;
  const kill = async (): Promise<void> => {
    current.signal('SIGKILL');
    await current.ended;
  };
  const start = async (): Promise<void> => {
    current = await startReady(plan, options);
  };
  return {
    address,
    httpPort,
    grpcPort: httpPort + GRPC_OFFSET,
    pid: () => current.pid,
    log: () => readFile(plan.logFile, 'utf8'),
    kill,
    start,
    async stop() {
      await current.stop();
      rmSync(plan.temporary, { recursive: true, force: true });
    },
    async restart() {
      await current.stop();
      await start();
    },
    hang: () => Promise.resolve(current.signal('SIGSTOP')),
    resume: () => Promise.resolve(current.signal('SIGCONT')),
    async loseData() {
      await kill();
      forget(plan.home);
      await start();
    },
  };
}

/** All that it wrote but its log, which people may want to read to the end. */
function forget(home: string): void {
  for (const entry of readdirSync(home)) {
    if (entry !== LOG) rmSync(join(home, entry), { recursive: true, force: true });
  }
}
