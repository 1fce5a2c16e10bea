import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The bundled program, as people have it; `npm run build` makes it. */
export const LANECTL_PROGRAM = fileURLToPath(new URL('../../dist/lanectl/main.mjs', import.meta.url));

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
}

/** Runs lanectl to its end, without a terminal and without a kubeconfig of its own. */
export async function runLanectl(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { KUBECONFIG: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [LANECTL_PROGRAM, ...args], {
    env: { ...inherited, HOME: '/nonexistent', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.input ?? '');
  const code = new Promise<number | null>((resolve) => void child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
