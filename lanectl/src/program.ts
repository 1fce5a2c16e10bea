import { Command } from 'commander';
import { addClusterCommands } from './cluster-commands.ts';
import { openCluster } from './cluster/cluster.ts';
import { addFileCommands } from './file-commands.ts';
import { EXIT, type ExitCode } from './output/exit-code.ts';
import type { Terminal } from './output/terminal.ts';
import { VERSION } from './version.ts';

export interface LanectlProgram {
  readonly command: Command;
  /** Of the command that was run. */
  readonly code: () => ExitCode;
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As it was started: kubectl runs `kubectl-lanekeeper`. */
  readonly executable: string;
}

const EXIT_CODES = `
Exit codes: 0 fine, 1 failed, 2 found something wrong, 64 bad usage.`;

/** All commands, none of them run. */
export function createProgram(terminal: Terminal, { env, executable }: Surroundings): LanectlProgram {
  let code: ExitCode = EXIT.fine;
  const command = new Command(nameOf(executable))
    .description('See and check the lanes of Lanekeeper.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', EXIT_CODES);
  const ends = (ended: ExitCode): void => void (code = ended);
  addClusterCommands(command, terminal, async (options, work) => {
    const cluster = openCluster(options, env);
    try {
      ends(await work(cluster));
    } finally {
      cluster.close();
    }
  });
  addFileCommands(command, terminal, ends);
  return { command, code: () => code };
}

function nameOf(executable: string): string {
  return /(?:^|[/\\])kubectl[-_]lanekeeper(?:\.\w+)?$/.test(executable) ? 'kubectl lanekeeper' : 'lanectl';
}
