import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Request } from './arguments.ts';
import { collect } from './collect.ts';
import { interruptionSignal } from './command.ts';
import { CACHE, ROOT } from './layout.ts';
import { step } from './steps.ts';

/** A cluster to run the promises against, and what they are told of it beside: LANEKEEPER_E2E_<name>. */
export interface Target {
  readonly kubeconfig: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Folder of the logs of its components, where they are ours to read. */
  readonly logs?: string;
}

const GRACE_MS = 15_000;
/** Promises of a run that was killed would go on against the next cluster of that name. */
const ENDS_WITH_PARENT = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM'] : [];

/** Runs the promises, all or those that the request names; answers vitest's exit code. Collects what explains a failure. */
export async function tryPromises(request: Request, target: Target): Promise<number> {
  const folder = collectionFolder(request.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const code = await step('the promises', () => vitest(request, target, folder));
  if (code !== 0) await collect(target, folder);
  return code;
}

export function collectionFolder(name: string): string {
  return join(CACHE, 'collected', name);
}

function vitest({ words, vitest: options, keep }: Request, target: Target, folder: string): Promise<number> {
  const signal = interruptionSignal();
  signal.throwIfAborted();
  const variables = { ...target.variables, COLLECT: folder, ...(keep ? { KEEP: '1' } : {}) };
  const named = Object.entries(variables).map(([name, value]) => [`LANEKEEPER_E2E_${name}`, value]);
  const program = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const config = join(ROOT, 'e2e', 'promises', 'vitest.config.ts');
  const [starter = '', ...command] = [
    ...ENDS_WITH_PARENT,
    ...[process.execPath, program, 'run', '--config', config, ...words, ...options],
  ];
  const child = spawn(starter, command, {
    cwd: ROOT,
    env: { ...process.env, ...Object.fromEntries(named), KUBECONFIG: target.kubeconfig },
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGINT');
      timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    signal.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(code ?? 1);
    });
  });
}
