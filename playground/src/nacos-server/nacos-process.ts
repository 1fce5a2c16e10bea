import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { guardProcess } from './guard-process.ts';
import { isUp, type NacosPlace } from './nacos-api.ts';

export interface ProcessPlan {
  readonly java: string;
  readonly args: readonly string[];
  /** Its working directory. */
  readonly home: string;
  /** Goes with the process where this one is killed. */
  readonly temporary: string;
  readonly logFile: string;
  readonly place: NacosPlace;
}

export interface NacosProcess {
  readonly pid: number;
  /** Resolves when it is gone, however that came about. */
  readonly ended: Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, which takes it about 3 s; SIGKILL where that is not enough. */
  stop(): Promise<void>;
}

/** Of malloc, one for each thread: 60 MB less. */
const FEWER_ARENAS = 'MALLOC_ARENA_MAX=2';
const READY_TIMEOUT_MS = 120_000;
const STOP_GRACE_MS = 20_000;
const POLL_MS = 100;
const TOLD_LINES = 30;

/** Starts the server; resolves when it does its work, rejects with its last words when it ends before. */
export async function startNacosProcess(plan: ProcessPlan): Promise<NacosProcess> {
  const log = openSync(plan.logFile, 'a');
  // In a session of its own: Ctrl-C on a terminal does not reach it, so that it ends in its turn.
  const child = spawn('/usr/bin/env', [FEWER_ARENAS, plan.java, ...plan.args], {
    cwd: plan.home,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = whenEnded(child);
  const guard = child.pid === undefined ? undefined : guardProcess(child.pid, plan.temporary);
  void ended.then(() => guard?.over());
  await untilUp(plan, child);
  return {
    pid: child.pid ?? 0,
    ended,
    signal: (signal) => void child.kill(signal),
    async stop() {
      // One that hangs would not hear of the other.
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await ended;
      clearTimeout(killer);
    },
  };
}

function whenEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
}

async function untilUp(plan: ProcessPlan, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let failure = child.pid === undefined ? `${plan.java} could not be started` : undefined;
  child.once('exit', (code, signal) => (failure = `ended with ${signal ?? `exit code ${code}`}`));
  while (!(await isUp(plan.place))) {
    if (performance.now() > deadline) failure ??= `was not up after ${READY_TIMEOUT_MS / 1000} s`;
    if (failure !== undefined) {
      child.kill('SIGKILL');
      throw new Error(`the Nacos server ${failure}; its last words:\n${lastLines(plan.logFile)}`);
    }
    await delay(POLL_MS);
  }
}

function lastLines(file: string): string {
  if (!existsSync(file)) return '(none)';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TOLD_LINES).join('\n');
}
