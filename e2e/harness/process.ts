import { spawn, type ChildProcess } from 'node:child_process';

export interface ProcessOptions {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The process is up when a line of its output matches. */
  readonly ready?: RegExp;
  readonly readyTimeoutMs?: number;
}

/** A child process with its output kept, so that a failure can be shown with it. */
export interface RunningProcess {
  readonly pid: number;
  output(): string;
  /** SIGTERM, SIGKILL after `graceMs`; resolves with the exit code (null: killed) when the process is gone. */
  stop(graceMs?: number): Promise<number | null>;
  readonly exited: Promise<number | null>;
}

/** Whatever ends a test run, no process outlives it; a worker whose runner was killed hears of it as a disconnect. */
const running = new Set<ChildProcess>();
const killRunning = (): void => {
  for (const child of running) child.kill('SIGKILL');
};
process.on('exit', killRunning);
process.on('disconnect', killRunning);

/** Starts a process and waits for its `ready` line; a process that ends before is an error with its output. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const child = spawn(options.command, options.args ?? [], {
    env: { ...inheritedEnvironment(), ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const output: string[] = [];
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
  void exited.then(() => running.delete(child));
  const text = (): string => output.join('');
  await waitUntilReady({ child, options, output, text });
  return {
    pid: child.pid ?? 0,
    output: text,
    exited,
    stop: (graceMs = 10_000) => stop(child, exited, graceMs),
  };
}

/** Without what is said to the tests themselves (LANEKEEPER_E2E_…): our programs refuse settings that they do not know. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('LANEKEEPER_E2E_'));
  return Object.fromEntries(entries);
}

interface Starting {
  readonly child: ChildProcess;
  readonly options: ProcessOptions;
  readonly output: string[];
  readonly text: () => string;
}

function waitUntilReady({ child, options, output, text }: Starting): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (what: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${options.command} ${(options.args ?? []).join(' ')} ${what}\n${text()}`));
    };
    const timer = setTimeout(() => failed('was not ready in time'), options.readyTimeoutMs ?? 20_000);
    const collect = (chunk: Buffer): void => {
      output.push(chunk.toString());
      if (output.length > 5_000) output.splice(0, 2_500);
      if (options.ready?.test(text()) === true) {
        clearTimeout(timer);
        resolve();
      }
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', (error) => failed(`could not be started: ${error.message}`));
    child.once('exit', (code) => failed(`ended with ${code} before it was ready`));
    if (options.ready === undefined) {
      clearTimeout(timer);
      resolve();
    }
  });
}

async function stop(
  child: ChildProcess,
  exited: Promise<number | null>,
  graceMs: number,
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return exited;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  const code = await exited;
  clearTimeout(timer);
  return code;
}

/** Runs a command to its end; never rejects for a non-zero exit. */
export function runToEnd(
  command: string,
  args: readonly string[],
  options: {
    readonly timeoutMs: number;
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
  },
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    const output: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: output.join('') }));
  });
}
