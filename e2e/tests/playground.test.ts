import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { runToEnd } from '../harness/process.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PLAYGROUND = [join(root, 'playground/src/main.ts')];
/** `npm run demo` without npm. */
const DOOR = [join(root, 'scripts/run.mjs'), 'demo'];
const UP = 'Everything stays up until Ctrl-C.';
const LIMIT_MS = 60_000;
/** Gateway, and application and sidecar of six workloads less Bgray, which the scenario stops. */
const PROCESSES_WHEN_UP = 11;

const started = new Set<ChildProcess>();

beforeAll(async () => {
  const { code, output } = await runToEnd(process.execPath, [join(root, 'scripts/build.mjs')], {
    timeoutMs: LIMIT_MS,
  });
  expect(code, output).toBe(0);
}, LIMIT_MS);

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
  return pids.filter((pid) => {
    try {
      return new RegExp(`^PPid:\\s+${parent}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  });
}

function descendantsOf(parent: number): number[] {
  return childrenOf(parent).flatMap((pid) => [pid, ...descendantsOf(pid)]);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}

interface Running {
  readonly child: ChildProcess;
  readonly pids: readonly number[];
  readonly meshFile: string;
  readonly gatewayPort: number;
  readonly exited: Promise<unknown[]>;
  output(): string;
}

/** Starts `program` and waits until the playground says that it stays up. */
async function startPlayground(program: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] });
  started.add(child);
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const exited = once(child, 'close');
  await until(() => output.includes(UP) || child.exitCode !== null);
  const meshFile = /^ {2}(\/.*mesh\.yaml)$/m.exec(output)?.[1] ?? output;
  const gatewayPort = Number(/http:\/\/127\.0\.0\.1:(\d+)\/a/.exec(output)?.[1]);
  return { child, pids: descendantsOf(child.pid ?? 0), meshFile, gatewayPort, exited, output: () => output };
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => false),
    once(socket, 'close').then(() => true),
  ]).catch(() => true);
  socket.destroy();
  return outcome;
}

test(
  'shows a gray request stay gray, fall back at B and be gray again at C, and ends',
  async () => {
    const { code, output } = await runToEnd(process.execPath, [...PLAYGROUND, '--once'], {
      timeoutMs: LIMIT_MS,
    });
    expect(code, output).toBe(0);
    const lines = output.split('\n').filter((line) => /^(base|gray) {2}A/.test(line));
    expect(lines).toEqual([
      'base  A[127.0.1.1] -> B[127.0.2.1] -> C[127.0.3.1]',
      'gray  Agray[127.0.1.2] -> Bgray[127.0.2.2] -> Cgray[127.0.3.2]',
      'gray  Agray[127.0.1.2] -> B[127.0.2.1] -> Cgray[127.0.3.2]',
      'gray  Agray[127.0.1.2] -> B[127.0.2.1] -> Cgray[127.0.3.2]',
    ]);
    expect(output).toMatch(/^AT +DIRECTION +LANE +EVIDENCE +CANDIDATES +SENT TO +REASON$/m);
    expect(output).toMatch(/^B +outbound +gray +trace: /m);
    expect(output).toMatch(/^B +outbound +gray +in-flight: /m);
    expect(output).not.toContain('\u001b[');
  },
  LIMIT_MS,
);

test(
  'leaves no process, port or file behind when it is ended by Ctrl-C',
  async () => {
    const playground = await startPlayground(DOOR);
    expect(playground.pids, playground.output()).toHaveLength(1 + PROCESSES_WHEN_UP);
    expect(existsSync(playground.meshFile)).toBe(true);
    playground.child.kill('SIGINT');
    expect((await playground.exited)[0], playground.output()).toBe(0);
    expect(playground.pids.filter(isAlive)).toEqual([]);
    expect(existsSync(dirname(playground.meshFile))).toBe(false);
    expect(await isRefused(playground.gatewayPort)).toBe(true);
  },
  LIMIT_MS,
);

test(
  'leaves no process behind even when it is killed outright',
  async () => {
    const playground = await startPlayground(PLAYGROUND);
    expect(playground.pids, playground.output()).toHaveLength(PROCESSES_WHEN_UP);
    playground.child.kill('SIGKILL');
    await playground.exited;
    await until(() => playground.pids.every((pid) => !isAlive(pid)));
    // Nobody was left to remove it.
    rmSync(dirname(playground.meshFile), { recursive: true });
  },
  LIMIT_MS,
);

test(
  'ends everything and says why when one of its processes dies',
  async () => {
    const playground = await startPlayground(PLAYGROUND);
    const [victim = 0] = playground.pids;
    process.kill(victim, 'SIGKILL');
    expect((await playground.exited)[0]).toBe(1);
    expect(playground.output()).toMatch(/ended by SIGKILL/);
    expect(playground.pids.filter(isAlive)).toEqual([]);
    expect(existsSync(dirname(playground.meshFile))).toBe(false);
  },
  LIMIT_MS,
);
