import { spawnSync } from 'node:child_process';
import type { Family } from './rules.ts';

export interface CommandResult {
  /** Undefined: the command does not exist or could not be run. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end with `input` on its standard input; a test passes its own. */
export type RunCommand = (command: string, args: readonly string[], input?: string) => CommandResult;

/** One of the two implementations of iptables: what one of them installs, the other does not list. */
export interface Backend {
  readonly save: string;
  readonly restore: string;
}

const COMMANDS: Readonly<Record<Family, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };
/** nft first: it is what kernels of today are made for; the bare name last, for images that have only that. */
const VARIANTS = ['-nft', '-legacy', ''];

/**
 * The backend to use: of those that work here, the one whose nat table has rules already (ours from an earlier run, or those of
 * a CNI plugin), else the first. Throws when none works, with what each said.
 */
export function findBackend(family: Family, run: RunCommand): Backend {
  const complaints: string[] = [];
  const working: { readonly backend: Backend; readonly hasRules: boolean }[] = [];
  for (const variant of VARIANTS) {
    const name = COMMANDS[family] + variant;
    const backend = { save: `${name}-save`, restore: `${name}-restore` };
    const saved = run(backend.save, ['-t', 'nat']);
    // An empty transaction asks whether the kernel has the table and whether we may change it.
    const test = saved.code === 0 ? run(backend.restore, ['--noflush', '--test'], '*nat\nCOMMIT\n') : saved;
    if (test.code === 0) working.push({ backend, hasRules: /^-A /m.test(saved.stdout) });
    else complaints.push(`${name}: ${test.code === undefined ? 'not installed' : firstLine(test.stderr)}`);
  }
  const chosen = working.find((each) => each.hasRules) ?? working[0];
  if (chosen !== undefined) return chosen.backend;
  throw new Error(
    `cannot change the nat table (it takes iptables and CAP_NET_ADMIN):\n${complaints.join('\n')}`,
  );
}

export function saveNat({ save }: Backend, run: RunCommand): string {
  const result = run(save, ['-t', 'nat']);
  if (result.code !== 0) throw new Error(`${save} -t nat failed: ${firstLine(result.stderr)}`);
  return result.stdout;
}

/** All of `rules` or nothing: the kernel takes a table in one go. */
export function restore(backend: Backend, rules: string, run: RunCommand): void {
  const result = run(backend.restore, ['--noflush', '--wait=10'], rules);
  if (result.code === 0) return;
  throw new Error(
    `${backend.restore} refused the rules, nothing was changed: ${result.stderr.trim()}\n${rules}`,
  );
}

export const runCommand: RunCommand = (command, args, input = '') => {
  const { status, error, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (error !== undefined) return { code: undefined, stdout: '', stderr: error.message };
  return { code: status ?? 1, stdout, stderr };
};

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
