import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Aborted once, when the run is interrupted: commands under way end, and no new one begins until `resume`. */
let interruption = new AbortController();

export function interruptCommands(why: string): void {
  interruption.abort(new Error(why));
}

/** Clean-up runs commands too. */
export function resumeCommands(): void {
  interruption = new AbortController();
}

export function interruptionSignal(): AbortSignal {
  return interruption.signal;
}

/** Runs a command to its end and answers its standard output; fails with all it said when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, output } = await tryRun(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output.trimEnd()}`);
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** Both streams, as they came. */
  readonly output: string;
}

/** The same, whatever the exit code. */
export function tryRun(
  command: string,
  args: readonly string[],
  { env, cwd, input, timeoutMs = 600_000 }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    interruption.signal.throwIfAborted();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      signal: interruption.signal,
    });
    const stdout: Buffer[] = [];
    const all: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => void (stdout.push(chunk), all.push(chunk)));
    child.stderr.on('data', (chunk: Buffer) => void all.push(chunk));
    child.once('error', (cause) => reject(new Error(`${command} did not run: ${cause.message}`, { cause })));
    child.once('close', (code) => resolve({ code, stdout: text(stdout), output: text(all) }));
    // A command that does not read its input is its own business; its exit code tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
