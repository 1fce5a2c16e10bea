import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ChildSpec {
  /** For people: `Agray`, `sidecar of Agray`. */
  readonly name: string;
  readonly program: string;
  readonly nodeFlags?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 once the process does its work. */
  readonly readyUrl: string;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves once the process answers at its ready address; rejects when it ends before, with what it said. */
  ready(): Promise<void>;
  /** Asks it to end, ends it after a grace time; resolves when it is gone. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 25;
const STOP_GRACE_MS = 3_000;
const KEPT_OUTPUT_BYTES = 4_096;

const preload = new URL('./end-with-parent.ts', import.meta.url).href;

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = get(url, { agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.once('timeout', () => probe.destroy());
    probe.once('error', () => resolve(false));
  });
}

/** The last words of a process; all that is kept of its output. */
function keepOutput(child: ChildProcess): () => string {
  let kept = '';
  const keep = (chunk: Buffer): void => {
    kept = (kept + chunk.toString('utf8')).slice(-KEPT_OUTPUT_BYTES);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => kept.trim();
}

/** Resolves with how it ended and what it said last. */
function whenEnded(child: ChildProcess, name: string): Promise<Error> {
  const said = keepOutput(child);
  return new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', (code, signal) => {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      resolve(new Error(`${name} ended ${how}\n${said()}`.trim()));
    });
  });
}

async function untilAnswers({ name, readyUrl }: ChildSpec, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!signal.aborted && !(await answers(readyUrl))) {
    if (performance.now() > deadline) {
      throw new Error(`${name} does not answer at ${readyUrl} after ${READY_TIMEOUT_MS / 1000} s`);
    }
    await delay(POLL_MS);
  }
}

/**
 * Starts a process of the playground: out of reach of the terminal's Ctrl-C (the playground ends it, in its order) and with a
 * channel whose end it follows. `onCrash` is called when it ends without having been asked to.
 */
export function startChild(spec: ChildSpec, onCrash: (error: Error) => void): Child {
  const program = fileURLToPath(new URL(spec.program, import.meta.url));
  const child = spawn(process.execPath, [...(spec.nodeFlags ?? []), '--import', preload, program], {
    env: spec.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = whenEnded(child, spec.name);
  let stopping = false;
  void ended.then((error) => {
    if (!stopping) onCrash(error);
  });
  return {
    name: spec.name,
    pid: child.pid ?? 0,
    async ready() {
      const over = new AbortController();
      const failed = ended.then((error) => Promise.reject(error));
      await Promise.race([untilAnswers(spec, over.signal), failed]).finally(() => over.abort());
    },
    async stop() {
      stopping = true;
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await ended;
      clearTimeout(killer);
    },
  };
}
